import { Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { TypeOrmModule } from '@nestjs/typeorm';
import Database from 'libsql';
import {
  migratedDataSource,
  WechatTokenModule,
  wechatTokenMigrations,
} from 'nestjs-wechat-token';
import { FollowersController } from './followers.controller.js';

const { env } = process;
const { WECHAT_APP_ID: appId = '', WECHAT_APP_SECRET: appSecret = '' } = env;
const api = { baseUrl: env['WECHAT_API_BASE_URL'] };
const sqlite = {
  type: 'better-sqlite3',
  driver: Database, // or install better-sqlite3 12, and leave this out
  database: env['DATABASE'] ?? 'minimal-app.sqlite',
  autoLoadEntities: true,
} as const;

@Module({
  imports: [
    ScheduleModule.forRoot(), // once in an app: a second one runs crons twice
    TypeOrmModule.forRootAsync({
      useFactory: () => ({ ...sqlite, migrations: [...wechatTokenMigrations] }),
      dataSourceFactory: migratedDataSource, // one process migrates at a time
    }),
    WechatTokenModule.forRoot({ accounts: [{ appId, appSecret }], api }),
  ],
  controllers: [FollowersController],
})
export class AppModule {}
