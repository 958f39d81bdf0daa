import { UnknownAccountError } from '../wechat-token.errors.js';
import { messages } from '../wechat-token.messages.js';
import { type Account, toAccount, type WechatAccount } from './account.js';

/** Where credentials come from. The app may pass its own, for accounts that live in its own tables. */
export interface AccountSource {
  /**
   * The account of that name, or undefined when there is none. Asked at every renewal, and for every token that another replica
   * has renewed.
   */
  find(
    name: string,
  ): WechatAccount | undefined | Promise<WechatAccount | undefined>;
  /** All accounts, for the start and once a minute: those that are new get a token, those that are gone are forgotten. */
  list(): Iterable<WechatAccount> | AsyncIterable<WechatAccount>;
}

/** The accounts that were given in the options. */
export class ListedAccounts implements AccountSource {
  private readonly byName: ReadonlyMap<string, WechatAccount>;

  constructor(accounts: readonly WechatAccount[]) {
    this.byName = new Map(accounts.map((a) => [toAccount(a).name, a]));
  }

  find(name: string): WechatAccount | undefined {
    return this.byName.get(name);
  }

  list(): Iterable<WechatAccount> {
    return this.byName.values();
  }
}

/** Looks accounts up for the engine: defaults filled in, an unknown name a clear error. */
export class Accounts {
  constructor(private readonly source: AccountSource) {}

  /** Accounts may come and go while the app runs. */
  get canChange(): boolean {
    return !(this.source instanceof ListedAccounts);
  }

  async get(name: string): Promise<Account> {
    const found = await this.source.find(name);
    if (!found) throw new UnknownAccountError(messages.unknownAccount(name));
    return toAccount(found);
  }

  async *list(): AsyncIterable<Account> {
    for await (const account of this.source.list()) yield toAccount(account);
  }
}
