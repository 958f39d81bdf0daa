import { Injectable } from '@nestjs/common';
import type { CachedToken } from '../cache/cached-token.js';
import { TokenCache, type TokenCounts } from '../cache/token-cache.js';
import { Clock } from '../common/clock.js';
import { RowConflicts } from '../observe/row-conflicts.js';
import { PendingWrites } from '../renewal/pending-writes.js';
import {
  type Failure,
  RenewalFailures,
} from '../renewal/policy/renewal-failures.js';

/** Probes may come every second from several sides, and to look at a million tokens takes some milliseconds. */
const COUNT_EVERY_MS = 5000;

export type HealthReasonCode =
  /** This process was told to stop. */
  | 'stopping'
  /** The database has not answered since the start. */
  | 'database-not-reached'
  /** The database has answered, and the accounts or their rows could not all be read yet. */
  | 'accounts-not-read'
  /** The last poll of the database failed. Valid tokens are served from memory. */
  | 'database-failing'
  /** The last check of the accounts failed, such as by an error of the app's AccountSource. */
  | 'accounts-failing'
  /** Tokens that are held and have expired. */
  | 'tokens-expired'
  /** Tokens that are needed and were never had, such as those of new accounts. */
  | 'tokens-missing'
  /** Tokens whose last renewal by this process failed; one reason for each class of failure. */
  | 'renewals-failing'
  /** Tokens that WeChat has issued and that are served, but not yet stored. */
  | 'tokens-not-stored'
  /** Rows of accounts of this app that another app keeps. */
  | 'rows-of-another-app';

/** Why a process is not `ok`: never a name, a host or a message. */
export interface HealthReason {
  readonly reason: HealthReasonCode;
  /** How many tokens are concerned. */
  readonly count?: number;
  /** Of `renewals-failing`: `transient`, `certificate`, `credentials`, `ip`, `quota`, `account`, `rejected` or `unreadable`. */
  readonly class?: string;
}

export interface TokenHealthCounts extends TokenCounts {
  /** Those whose last renewal by this process failed. */
  readonly failing: number;
}

interface Findings {
  readonly reasons: readonly HealthReason[];
  readonly counts: TokenHealthCounts;
}

/** How the tokens are that this process needs, as far as it knows without asking anybody; at most five seconds old. */
@Injectable()
export class TokenHealth {
  private last: (Findings & { readonly at: number }) | undefined;

  constructor(
    private readonly cache: TokenCache,
    private readonly failures: RenewalFailures,
    private readonly pending: PendingWrites,
    private readonly conflicts: RowConflicts,
    private readonly clock: Clock,
  ) {}

  current(): Findings {
    const now = this.clock.now();
    if (!this.last || now - this.last.at >= COUNT_EVERY_MS)
      this.last = { at: now, ...this.count(now) };
    return this.last;
  }

  private count(now: number): Findings {
    const tokens = this.cache.count(now);
    const byClass = this.failuresByClass();
    const failing = [...byClass.values()].reduce((sum, n) => sum + n, 0);
    const reasons: readonly HealthReason[] = [
      { reason: 'tokens-expired', count: tokens.expired },
      { reason: 'tokens-missing', count: tokens.missing },
      ...[...byClass].map(
        ([failureClass, count]) =>
          ({ reason: 'renewals-failing', class: failureClass, count }) as const,
      ),
      { reason: 'tokens-not-stored', count: this.pending.size },
      { reason: 'rows-of-another-app', count: this.conflicts.all().length },
    ];
    return {
      reasons: reasons.filter(({ count }) => count !== 0),
      counts: { ...tokens, failing },
    };
  }

  /** Without those that another process has renewed since. */
  private failuresByClass(): ReadonlyMap<string, number> {
    const byClass = new Map<string, number>();
    for (const [name, failure] of this.failures.all()) {
      if (isOver(failure, this.cache.get(name))) continue;
      byClass.set(failure.class, (byClass.get(failure.class) ?? 0) + 1);
    }
    return byClass;
  }
}

/** Another process has renewed the token since, and not with other credentials. */
function isOver(failure: Failure, held: CachedToken | undefined): boolean {
  if (!held || held.issuedAt <= failure.at) return false;
  const { credentialId = held.credentialId } = failure;
  return credentialId === held.credentialId;
}
