import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import type { TokenName } from '../../common/token-name.js';
import type { TokenRow } from '../../store/token-row.js';
import type { Refusal } from '../../upstream/failure.js';
import type { RenewalTarget } from './renewal-target.js';

/** R9: for this time the platform's last answer is what an operator without force is told. */
const LASTS_MS = 10_000;

/** What the platform has answered a moment ago. */
export interface RecentAnswer {
  /** Undefined when it was a token. */
  readonly refusal: Refusal | undefined;
  /** How much longer it is told, milliseconds. */
  readonly lastsMs: number;
}

interface Answer {
  readonly circumstances: string;
  /** On this process's clock. */
  readonly at: number;
  readonly refusal: Refusal | undefined;
}

/** R9: the platform's last answers: this replica's, and those of the others as far as the row tells. */
@Injectable()
export class RecentAnswers {
  /** The oldest first. */
  private readonly answers = new Map<TokenName, Answer>();

  constructor(private readonly clock: Clock) {}

  note({ name, circumstances }: RenewalTarget, refusal?: Refusal): void {
    const at = this.clock.now();
    this.answers.delete(name);
    this.answers.set(name, { circumstances, at, refusal });
    for (const [oldest, answer] of this.answers) {
      if (at - answer.at < LASTS_MS) return;
      this.answers.delete(oldest);
    }
  }

  /** The last answer in the target's circumstances: with other credentials, or at another address, it may be another one. */
  of(row: TokenRow, target: RenewalTarget): RecentAnswer | undefined {
    const own = this.answers.get(row.name);
    const isOwn =
      own?.circumstances === target.circumstances &&
      // A failure that is not in the row any more was followed by a success.
      (own.refusal === undefined || row.lastError !== null);
    const { agoMs, refusal } = isOwn
      ? { agoMs: this.clock.now() - own.at, refusal: own.refusal }
      : stored(row, target);
    const lastsMs = LASTS_MS - agoMs;
    return lastsMs > 0 ? { refusal, lastsMs } : undefined;
  }
}

function stored(
  row: TokenRow,
  { circumstances, account, source }: RenewalTarget,
): { agoMs: number; refusal: Refusal | undefined } {
  const { lastError } = row;
  if (!lastError) {
    const isOurs =
      row.credentialId === account.credentialId && row.source === source.id;
    return { agoMs: isOurs ? -row.issuedInMs : Infinity, refusal: undefined };
  }
  const { class: type, tried, waitMs } = lastError;
  const isOurs =
    tried?.at(-1) === circumstances &&
    // The address of another machine was refused.
    type !== 'ip';
  const agoMs =
    isOurs && waitMs !== undefined ? waitMs - row.nextAttemptInMs : Infinity;
  return { agoMs, refusal: lastError };
}
