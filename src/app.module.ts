import { type DynamicModule, Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import type { AppSettings } from './config/settings.js';
import { HealthController } from './health.controller.js';
import { WechatTokenModule } from './wechat-token/index.js';

/** The central token server: the module, a database that is open already, and health. */
@Module({ controllers: [HealthController] })
export class AppModule {
  static with(settings: AppSettings, dataSource: DataSource): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ScheduleModule.forRoot(),
        TypeOrmModule.forRootAsync({
          useFactory: () => dataSource.options,
          dataSourceFactory: () => Promise.resolve(dataSource),
        }),
        WechatTokenModule.forRoot(settings.wechatToken),
      ],
    };
  }
}
