import { Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { TypeOrmModule } from '@nestjs/typeorm';
import { WechatTokenModule, wechatTokenMigrations } from 'nestjs-wechat-token';
import { FollowersController } from './followers.controller.js';

@Module({
  imports: [
    // Once in an app: a second import fires every cron twice.
    ScheduleModule.forRoot(),
    TypeOrmModule.forRoot({
      type: 'better-sqlite3',
      database: process.env['DATABASE'] ?? 'minimal-app.sqlite',
      autoLoadEntities: true,
      migrations: [...wechatTokenMigrations],
      migrationsRun: true,
    }),
    WechatTokenModule.forRootAsync({
      useFactory: () => ({
        accounts: [
          {
            appId: process.env['WECHAT_APP_ID'] ?? '',
            appSecret: process.env['WECHAT_APP_SECRET'] ?? '',
          },
        ],
        api: {
          baseUrl:
            process.env['WECHAT_API_BASE_URL'] ?? 'https://api.weixin.qq.com',
        },
      }),
    }),
  ],
  controllers: [FollowersController],
})
export class AppModule {}
