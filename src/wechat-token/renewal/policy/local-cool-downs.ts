import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import type { TokenName } from '../../common/token-name.js';
import type { LastError } from '../../store/token-row.js';
import { Probes } from './probes.js';
import { RecentAnswers } from './recent-answers.js';
import { RenewalFailures } from './renewal-failures.js';
import type { RenewalTarget } from './renewal-target.js';

interface CoolDown {
  readonly circumstances: string;
  /** On this process's clock. */
  readonly until: number;
  readonly lastError: LastError;
  /** Failures in a row, this one included. */
  readonly failures: number;
}

/**
 * R8: the cool-downs of this replica alone: its IP address was refused, or credentials that perhaps only this replica has, or a
 * call failed that was made without a lease, or whose failure could not be stored.
 */
@Injectable()
export class LocalCoolDowns {
  private readonly byName = new Map<TokenName, CoolDown>();
  private readonly startedAt: number;

  constructor(
    private readonly clock: Clock,
    readonly probes: Probes,
    readonly answers: RecentAnswers,
    readonly failures: RenewalFailures,
  ) {
    this.startedAt = clock.now();
  }

  /** How long ago this replica started, milliseconds. */
  get uptimeMs(): number {
    return this.clock.now() - this.startedAt;
  }

  /** @param until On this process's clock. */
  set(target: RenewalTarget, until: number, lastError: LastError): void {
    const { name, circumstances } = target;
    const failures = (this.last(target)?.failures ?? 0) + 1;
    this.byName.set(name, { circumstances, until, lastError, failures });
  }

  /** The cool-down in these circumstances (default: in whichever), if it lasts: how many milliseconds more, and why. */
  active(
    name: TokenName,
    circumstances = this.byName.get(name)?.circumstances,
  ): { wait: number; reason: string } | undefined {
    const found = this.byName.get(name);
    if (found?.circumstances !== circumstances) return undefined;
    const wait = (found?.until ?? -Infinity) - this.clock.now();
    const reason = found?.lastError.message ?? '';
    return wait > 0 ? { wait, reason } : undefined;
  }

  /** The last failure in the target's circumstances, and how many there were in a row. */
  last({ name, circumstances }: RenewalTarget): CoolDown | undefined {
    const found = this.byName.get(name);
    return found?.circumstances === circumstances ? found : undefined;
  }

  clear(name: TokenName): void {
    this.byName.delete(name);
    this.failures.clear(name);
  }
}
