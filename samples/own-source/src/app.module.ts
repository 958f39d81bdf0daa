import { Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { TypeOrmModule } from '@nestjs/typeorm';
import Database from 'libsql';
import {
  migratedDataSource,
  WechatTokenModule,
  wechatTokenMigrations,
} from 'nestjs-wechat-token';
import { BotController } from './bot.controller.js';
import { FeishuSource } from './feishu.source.js';

const { env } = process;
const { FEISHU_APP_ID: appId = '', FEISHU_APP_SECRET: appSecret = '' } = env;
const sqlite = {
  type: 'better-sqlite3',
  driver: Database, // or install better-sqlite3 12, and leave this out
  database: env['DATABASE'] ?? 'own-source.sqlite',
  autoLoadEntities: true,
} as const;

const tokens = WechatTokenModule.forRoot({
  accounts: [{ name: 'lark', kind: 'feishu', appId, appSecret }],
  sources: [new FeishuSource(env['FEISHU_BASE_URL'])],
});

@Module({
  imports: [
    ScheduleModule.forRoot(), // once in an app: a second one runs crons twice
    TypeOrmModule.forRootAsync({
      useFactory: () => ({ ...sqlite, migrations: [...wechatTokenMigrations] }),
      dataSourceFactory: migratedDataSource, // one process migrates at a time
    }),
    tokens,
  ],
  controllers: [BotController],
})
export class AppModule {}
