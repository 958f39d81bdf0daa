import { type Account, toAccount, type ConfiguredAccount } from './account.js';
import type { AccountSource } from './account-source.js';

/** The accounts of the options, indexed once. */
export class ListedAccounts implements AccountSource {
  private readonly byName = new Map<string, Account>();
  private readonly byPlatformId = new Map<string, Account[]>();

  constructor(accounts: readonly ConfiguredAccount[]) {
    for (const account of accounts.map(toAccount)) {
      const { name, platformId } = account;
      this.byName.set(name, account);
      const others = this.byPlatformId.get(platformId);
      if (others) others.push(account);
      else this.byPlatformId.set(platformId, [account]);
    }
  }

  find(name: string): Account | undefined {
    return this.byName.get(name);
  }

  list(): Iterable<Account> {
    return this.byName.values();
  }

  listByAppId(appId: string): readonly Account[] {
    return this.byPlatformId.get(appId) ?? [];
  }
}
