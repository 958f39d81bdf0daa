import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { ScheduleModule } from '@nestjs/schedule';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import type { AppSettings } from './config/settings.js';
import type { Monitoring } from './monitoring/monitoring.js';
import { MonitoringModule } from './monitoring/monitoring.module.js';
import { HealthController } from './health.controller.js';
import { ProblemFilter, WechatTokenModule } from './wechat-token/index.js';

/** The central token server: the module on an open database, a health route, and metrics. */
@Module({
  controllers: [HealthController],
  // Also for requests that do not reach a route of the module, such as one with too large a body.
  providers: [{ provide: APP_FILTER, useClass: ProblemFilter }],
})
export class AppModule {
  static with(
    settings: AppSettings,
    dataSource: DataSource,
    monitoring: Monitoring,
  ): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ScheduleModule.forRoot(),
        TypeOrmModule.forRootAsync({
          useFactory: () => dataSource.options,
          dataSourceFactory: () => Promise.resolve(dataSource),
        }),
        WechatTokenModule.forRoot({
          ...settings.wechatToken,
          observer: monitoring.observer,
          // For the guard of /metrics.
          isGlobal: true,
        }),
        MonitoringModule.with(monitoring),
      ],
    };
  }
}
