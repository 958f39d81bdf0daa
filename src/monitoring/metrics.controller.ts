import { STATUS_CODES } from 'node:http';
import { Controller, Get, Inject, Res, UseGuards } from '@nestjs/common';
import type { Response } from 'express';
import { messages } from '../config/config.messages.js';
import { ApiKeyGuard } from '../wechat-token/index.js';
import type { Monitoring } from './monitoring.js';

export const MONITORING = Symbol('monitoring');

/** `/metrics`, for Prometheus. */
@Controller('metrics')
export class MetricsController {
  constructor(@Inject(MONITORING) private readonly monitoring: Monitoring) {}

  @Get()
  async scrape(@Res() response: Response): Promise<void> {
    response.setHeader('Cache-Control', 'no-store');
    const registry = this.monitoring.metrics?.registry;
    if (registry)
      response.type(registry.contentType).send(await registry.metrics());
    else
      response.status(501).type('application/problem+json').json({
        type: 'about:blank',
        title: STATUS_CODES[501],
        status: 501,
        detail: messages.promClientMissing(),
      });
  }
}

/** The same for those who have a key with `tokens:read` for all accounts. */
@Controller('metrics')
@UseGuards(ApiKeyGuard('tokens:read'))
export class MetricsByKeyController extends MetricsController {}
