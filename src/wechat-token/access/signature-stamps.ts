import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock, wallClock } from '../common/clock.js';
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

  /** R3: the time is the database's. The wall clock counts only for a token that was fetched before any row could be read (R11). */
  next(): SignatureStamp {
    const epoch = this.databaseClock.epochOf(this.clock.now()) ?? wallClock();
    return {
      timestamp: Math.floor(epoch / 1000),
      nonceStr: randomBytes(NONCE_BYTES).toString('hex'),
    };
  }
}
