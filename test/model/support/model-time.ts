import { Clock } from '../../../src/wechat-token/common/clock.js';
import { type Gates, WAKES_UP } from './gates.js';

/** Time passes in steps: after one of them too little of the lease is left for a call, after two it has lapsed. */
export const LEASE_MS = 30_000;
export const CALL_TIMEOUT_MS = 14_000;
export const TICK_MS = 20_000;

/** Passes only when the model says so. */
export class ModelTime {
  now = 0;
}

/** A replica's clock. It does not run while the model is stopped; a sleep waits at a gate. */
export class ModelClock extends Clock {
  constructor(
    private readonly time: { readonly now: number },
    private readonly gates: Gates,
    private readonly replica: string,
  ) {
    super();
  }

  override now(): number {
    return this.time.now;
  }

  override async sleep(): Promise<void> {
    await this.gates.pass(this.replica, WAKES_UP);
  }
}

/** For deadlines that are never reached, since no time passes while a statement runs. */
export class StandingClock extends Clock {
  override now(): number {
    return 0;
  }

  override sleep(): Promise<void> {
    return new Promise(() => undefined);
  }
}
