import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { ScheduleModule } from '@nestjs/schedule';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import type { AppSettings } from './config/settings.js';
import { HealthController } from './health.controller.js';
import { ProblemFilter, WechatTokenModule } from './wechat-token/index.js';

/** The central token server: the module on an open database, and a health route. */
@Module({
  controllers: [HealthController],
  // Also for requests that do not reach a route of the module, such as one with too large a body.
  providers: [{ provide: APP_FILTER, useClass: ProblemFilter }],
})
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
