import { Controller, Get, VERSION_NEUTRAL } from '@nestjs/common';
import { EngineHealth, type HealthReport } from 'nestjs-wechat-token';
import { Bare } from './envelope.interceptor.js';
import { Public } from './session.guard.js';

@Controller({ path: 'health', version: VERSION_NEUTRAL })
@Public()
@Bare()
export class HealthController {
  constructor(private readonly tokens: EngineHealth) {}

  @Get()
  health(): Promise<HealthReport> {
    return this.tokens.report();
  }
}
