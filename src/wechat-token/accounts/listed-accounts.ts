import { type Account, toAccount, type WechatAccount } from './account.js';
import type { AccountSource } from './account-source.js';

/** The accounts of the options, indexed once. */
export class ListedAccounts implements AccountSource {
  private readonly byName = new Map<string, Account>();
  private readonly byAppId = new Map<string, Account[]>();

  constructor(accounts: readonly WechatAccount[]) {
    for (const account of accounts.map(toAccount)) {
      const { name, appId } = account;
      this.byName.set(name, account);
      const others = this.byAppId.get(appId);
      if (others) others.push(account);
      else this.byAppId.set(appId, [account]);
    }
  }

  find(name: string): Account | undefined {
    return this.byName.get(name);
  }

  list(): Iterable<Account> {
    return this.byName.values();
  }

  listByAppId(appId: string): readonly Account[] {
    return this.byAppId.get(appId) ?? [];
  }
}
