import { Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { TypeOrmModule } from '@nestjs/typeorm';
import {
  migratedDataSource,
  WechatTokenModule,
  wechatTokenMigrations,
} from 'nestjs-wechat-token';
import { FollowersController } from './followers.controller.js';

const { WECHAT_APP_ID: appId = '', WECHAT_APP_SECRET: appSecret = '' } =
  process.env;

@Module({
  imports: [
    // Once in an app: a second import fires every cron twice.
    ScheduleModule.forRoot(),
    TypeOrmModule.forRootAsync({
      useFactory: () => ({
        type: 'better-sqlite3',
        database: process.env['DATABASE'] ?? 'minimal-app.sqlite',
        autoLoadEntities: true,
        migrations: [...wechatTokenMigrations],
      }),
      // Connects and migrates, one process at a time.
      dataSourceFactory: migratedDataSource,
    }),
    WechatTokenModule.forRoot({
      accounts: [{ appId, appSecret }],
      api: { baseUrl: process.env['WECHAT_API_BASE_URL'] },
    }),
  ],
  controllers: [FollowersController],
})
export class AppModule {}
