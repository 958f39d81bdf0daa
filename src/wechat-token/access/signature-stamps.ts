import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { DatabaseClock } from '../store/database-clock.js';

const NONCE_BYTES = 16;

/** What makes each signature another one. */
export interface SignatureStamp {
  /** Whole seconds since 1970-01-01 UTC. */
  readonly timestamp: number;
  /** 32 hex digits, the most that the platform takes; never the same again. */
  readonly nonceStr: string;
}

/** Stamps signatures. */
@Injectable()
export class SignatureStamps {
  constructor(
    private readonly clock: Clock,
    private readonly databaseClock: DatabaseClock,
  ) {}

  /**
   * R3: the time is the database's. Only for a token that was fetched before any row could be read (R11) is it this machine's, as
   * the process began with it.
   */
  next(): SignatureStamp {
    const now = this.clock.now();
    const epoch =
      this.databaseClock.epochOf(now) ?? performance.timeOrigin + now;
    return {
      timestamp: Math.floor(epoch / 1000),
      nonceStr: randomBytes(NONCE_BYTES).toString('hex'),
    };
  }
}
