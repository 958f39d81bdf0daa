import { Controller, Get, HttpStatus, Res } from '@nestjs/common';
import type { Response } from 'express';
import {
  EngineHealth,
  type HealthReason,
  type HealthStatus,
} from '../wechat-token/index.js';

@Controller('health')
export class HealthController {
  constructor(private readonly health: EngineHealth) {}

  /** Liveness: the process runs and responds. It does not check tokens or the database. */
  @Get('live')
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  /** Readiness: 200 while requests should be sent here, 503 while the app starts and from the signal to stop on. */
  @Get('ready')
  async ready(
    @Res({ passthrough: true }) response: Response,
  ): Promise<{ status: HealthStatus; reasons: readonly HealthReason[] }> {
    const { isReady, status, reasons } = await this.health.report();
    if (!isReady) response.status(HttpStatus.SERVICE_UNAVAILABLE);
    return { status, reasons };
  }
}
