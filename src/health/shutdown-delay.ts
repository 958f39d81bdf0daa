import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { EngineHealth } from '../wechat-token/index.js';

/** The DI token of the delay, milliseconds. */
export const SHUTDOWN_DELAY_MS = Symbol('SHUTDOWN_DELAY_MS');

/**
 * From the signal to stop on, `/health/ready` answers 503, and until the delay is over the app serves all that still comes: a load
 * balancer needs a few seconds to send requests elsewhere. A second signal ends the delay.
 */
@Injectable()
export class ShutdownDelay implements OnModuleDestroy {
  constructor(
    private readonly health: EngineHealth,
    private readonly adapter: HttpAdapterHost,
    @Inject(SHUTDOWN_DELAY_MS) private readonly delayMs: number,
  ) {}

  /** The first step of Nest's way to stop. */
  async onModuleDestroy(): Promise<void> {
    this.health.stop();
    if (!this.adapter.listening) return;
    const again = new AbortController();
    const end = () => again.abort();
    process.once('SIGTERM', end).once('SIGINT', end);
    await sleep(this.delayMs, undefined, { signal: again.signal }).catch(end);
    process.off('SIGTERM', end).off('SIGINT', end);
  }
}
