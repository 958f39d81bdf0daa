import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { ScheduleModule } from '@nestjs/schedule';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import type { AppSettings } from './config/settings.js';
import { HealthController } from './health/health.controller.js';
import { SHUTDOWN_DELAY_MS, ShutdownDelay } from './health/shutdown-delay.js';
import { ProblemFilter, WechatTokenModule } from './wechat-token/index.js';

/** The central token server: the module on a database, which may be connected later, and the health routes. */
@Module({
  controllers: [HealthController],
  // Also for requests that do not reach a route of the module, such as one with too large a body.
  providers: [{ provide: APP_FILTER, useClass: ProblemFilter }, ShutdownDelay],
})
export class AppModule {
  static with(settings: AppSettings, dataSource: DataSource): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ScheduleModule.forRoot(),
        TypeOrmModule.forRootAsync({
          useFactory: () => ({
            ...dataSource.options,
            manualInitialization: true,
          }),
          dataSourceFactory: () => Promise.resolve(dataSource),
        }),
        WechatTokenModule.forRoot(settings.wechatToken),
      ],
      providers: [
        { provide: SHUTDOWN_DELAY_MS, useValue: settings.shutdownDelayMs },
      ],
    };
  }
}
