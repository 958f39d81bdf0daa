import {
  type DynamicModule,
  Inject,
  Module,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import {
  MONITORING,
  MetricsByKeyController,
  MetricsController,
} from './metrics.controller.js';
import type { Monitoring } from './monitoring.js';

const AUDIT_EVERY_MS = 60_000;

const CONTROLLERS = {
  open: [MetricsController],
  key: [MetricsByKeyController],
  off: [],
} as const;

/** `/metrics`, and the lines of the audit that are due when nobody reads. */
@Module({})
export class MonitoringModule implements OnModuleInit, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;

  constructor(@Inject(MONITORING) private readonly monitoring: Monitoring) {}

  static with(monitoring: Monitoring): DynamicModule {
    return {
      module: MonitoringModule,
      controllers: [...CONTROLLERS[monitoring.access]],
      providers: [{ provide: MONITORING, useValue: monitoring }],
    };
  }

  onModuleInit(): void {
    const { audit } = this.monitoring;
    this.timer = setInterval(() => audit?.endMinutes(), AUDIT_EVERY_MS);
    this.timer.unref();
  }

  /** No request is being answered any more. */
  onApplicationShutdown(): void {
    clearInterval(this.timer);
    this.monitoring.audit?.end();
  }
}
