import { Injectable } from '@nestjs/common';
import type { Account } from '../accounts/account.js';
import type { TokenName } from '../token-name.js';

interface CoolDown {
  readonly credentialId: string;
  /** On this process's clock. */
  readonly until: number;
  readonly reason: string;
}

/** R8: failures that concern this replica alone: its IP address, or the credentials that perhaps only it has. */
@Injectable()
export class OwnCoolDowns {
  private readonly byName = new Map<TokenName, CoolDown>();

  set(name: TokenName, account: Account, until: number, reason: string): void {
    const { credentialId } = account;
    this.byName.set(name, { credentialId, until, reason });
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
