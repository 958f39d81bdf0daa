import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import type { TokenName } from '../common/token-name.js';

interface CoolDown {
  readonly credentialId: string;
  /** On this process's clock. */
  readonly until: number;
  readonly reason: string;
  /** Failures in a row, this one included. */
  readonly failures: number;
}

/**
 * R8: the cool-downs of this replica alone: its IP address was refused, or credentials that perhaps only this replica has, or a
 * call that was made without a lease failed.
 */
@Injectable()
export class LocalCoolDowns {
  private readonly byName = new Map<TokenName, CoolDown>();

  constructor(private readonly clock: Clock) {}

  /** @param until On this process's clock. */
  set(
    name: TokenName,
    credentialId: string,
    until: number,
    reason: string,
  ): void {
    const failures = this.failures(name, credentialId) + 1;
    this.byName.set(name, { credentialId, until, reason, failures });
  }

  /** The cool-down for these credentials, if it lasts: how many milliseconds more, and why. */
  active(
    name: TokenName,
    credentialId: string,
  ): { wait: number; reason: string } | undefined {
    const found = this.get(name, credentialId);
    const wait = (found?.until ?? -Infinity) - this.clock.now();
    return found && wait > 0 ? { wait, reason: found.reason } : undefined;
  }

  /** How many failures in a row these credentials have had. */
  failures(name: TokenName, credentialId: string): number {
    return this.get(name, credentialId)?.failures ?? 0;
  }

  clear(name: TokenName): void {
    this.byName.delete(name);
  }

  private get(name: TokenName, credentialId: string): CoolDown | undefined {
    const found = this.byName.get(name);
    return found?.credentialId === credentialId ? found : undefined;
  }
}
