import { Injectable } from '@nestjs/common';
import type { Account } from '../accounts/account.js';
import { Accounts } from '../accounts/accounts.js';
import { TokenJournal } from '../observe/token-journal.js';
import {
  parseTokenName,
  type TokenName,
  tokenName,
} from '../common/token-name.js';
import type { TokenSource } from '../upstream/token-source.js';
import { TokenSources } from '../upstream/token-sources.js';
import {
  isUnknownAccountError,
  isUnknownTokenError,
  UnknownTokenError,
} from '../common/errors.js';
import { messages } from '../common/messages.js';

/** A token's name with all that is needed to renew it. */
export interface RenewalTarget {
  readonly name: TokenName;
  readonly account: Account;
  readonly source: TokenSource;
}

/** The graph: the values that its source needs, each from `valueOf`. */
export async function inputsOf(
  { source, account }: RenewalTarget,
  valueOf: (name: TokenName) => Promise<string>,
): Promise<ReadonlyMap<TokenName, string>> {
  const inputs = new Map<TokenName, string>();
  for (const name of source.needs(account))
    inputs.set(name, await valueOf(name));
  return inputs;
}

/** Finds the account and the source behind a name. */
@Injectable()
export class RenewalTargets {
  constructor(
    private readonly accounts: Accounts,
    private readonly sources: TokenSources,
    private readonly journal: TokenJournal,
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

  /**
   * The targets of those of these tokens that are ours; undefined for those of others. An account that cannot be looked up is
   * left out and told, and keeps none from the others (R14).
   */
  async known(
    names: readonly TokenName[],
  ): Promise<Map<TokenName, RenewalTarget | undefined>> {
    const known = new Map<TokenName, RenewalTarget | undefined>();
    await Promise.all(
      names.map((name) =>
        this.find(name).then(
          (target) => known.set(name, target),
          (error: unknown) => this.journal.notRenewed(name, error),
        ),
      ),
    );
    return known;
  }

  /** As {@link get}, but undefined for a token that is none of ours. */
  async find(name: TokenName): Promise<RenewalTarget | undefined> {
    try {
      return await this.get(name);
    } catch (error) {
      if (isUnknownAccountError(error) || isUnknownTokenError(error))
        return undefined;
      throw error;
    }
  }

  /** Those of all accounts; `leavesOut` is called for each that cannot be used. */
  async *all(leavesOut: () => void): AsyncGenerator<RenewalTarget> {
    for await (const account of this.accounts.list(leavesOut))
      for (const kind of this.sources.kindsOf(account)) {
        const name = tokenName(kind, account.name);
        yield { name, account, source: this.sources.get(kind, account) };
      }
  }

  /** The names of all tokens of one account. @throws UnknownAccountError */
  async namesOf(accountName: string): Promise<TokenName[]> {
    const account = await this.accounts.get(accountName);
    const kinds = this.sources.kindsOf(account);
    return kinds.map((kind) => tokenName(kind, account.name));
  }
}
