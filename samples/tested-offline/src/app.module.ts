import { Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { TypeOrmModule } from '@nestjs/typeorm';
import Database from 'libsql';
import {
  migratedDataSource,
  WechatTokenModule,
  wechatTokenMigrations,
} from 'nestjs-wechat-token';
import { GreeterService } from './greeter.service.js';

const { env } = process;

/** The app itself. Its settings are read when it is made, not when this file is loaded, so a test can set them. */
@Module({
  imports: [
    ScheduleModule.forRoot(),
    TypeOrmModule.forRootAsync({
      useFactory: () => ({
        type: 'better-sqlite3',
        driver: Database,
        database: env['DATABASE'] ?? 'app.sqlite',
        autoLoadEntities: true,
        migrations: [...wechatTokenMigrations],
      }),
      dataSourceFactory: migratedDataSource,
    }),
    WechatTokenModule.forRootAsync({
      useFactory: () => ({
        accounts: [
          {
            appId: env['WECHAT_APP_ID'] ?? '',
            appSecret: env['WECHAT_APP_SECRET'] ?? '',
          },
        ],
        api: { baseUrl: env['WECHAT_API_BASE_URL'] },
      }),
    }),
  ],
  providers: [GreeterService],
})
export class AppModule {}
