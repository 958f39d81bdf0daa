import { Injectable } from '@nestjs/common';
import type { Account } from '../accounts/account.js';
import type { TokenName } from '../common/token-name.js';

interface CoolDown {
  readonly credentialId: string;
  /** On this process's clock. */
  readonly until: number;
  readonly reason: string;
  /** How many times in a row, this one included. */
  readonly failures: number;
}

/** R8: failures that concern this replica alone: its IP address, the credentials that perhaps only it has, a call without a lease. */
@Injectable()
export class LocalCoolDowns {
  private readonly byName = new Map<TokenName, CoolDown>();

  set(name: TokenName, account: Account, until: number, reason: string): void {
    const { credentialId } = account;
    const failures = (this.get(name, account)?.failures ?? 0) + 1;
    this.byName.set(name, { credentialId, until, reason, failures });
  }

  /** The one that applies to these credentials; it may be over. */
  get(name: TokenName, account: Account): CoolDown | undefined {
    const found = this.byName.get(name);
    return found?.credentialId === account.credentialId ? found : undefined;
  }

  clear(name: TokenName): void {
    this.byName.delete(name);
  }
}
