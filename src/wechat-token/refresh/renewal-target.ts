import { Injectable } from '@nestjs/common';
import type { Account } from '../accounts/account.js';
import { Accounts } from '../accounts/account-source.js';
import { parseTokenName, type TokenName, tokenName } from '../token-name.js';
import type { TokenSource } from '../upstream/token-source.js';
import { TokenSources } from '../upstream/token-sources.js';
import { UnknownTokenError } from '../wechat-token.errors.js';
import { messages } from '../wechat-token.messages.js';

/** A token's name with all that is needed to renew it. */
export interface RenewalTarget {
  readonly name: TokenName;
  readonly account: Account;
  readonly source: TokenSource;
}

/** Finds the account and the source behind a name. */
@Injectable()
export class RenewalTargets {
  constructor(
    private readonly accounts: Accounts,
    private readonly sources: TokenSources,
  ) {}

  /** @throws UnknownAccountError, UnknownTokenError */
  async get(name: TokenName): Promise<RenewalTarget> {
    const parsed = parseTokenName(name);
    const account = await this.accounts.get(parsed.account);
    // `access_token:default` would be a second row for one account, and the two would end each other's tokens.
    if (tokenName(parsed.kind, account.name) !== name)
      throw new UnknownTokenError(
        messages.unknownToken(parsed.kind, parsed.account),
      );
    return { name, account, source: this.sources.get(parsed.kind, account) };
  }

  /** The names of all tokens of one account. @throws UnknownAccountError */
  async namesOf(accountName: string): Promise<TokenName[]> {
    const account = await this.accounts.get(accountName);
    const kinds = this.sources.kindsOf(account);
    return kinds.map((kind) => tokenName(kind, account.name));
  }
}
