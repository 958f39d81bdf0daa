import { Injectable } from '@nestjs/common';
import type { Account } from '../accounts/account.js';
import { Accounts } from '../accounts/accounts.js';
import { Clock } from '../common/clock.js';
import { withDeadline } from '../common/deadline.js';
import {
  isUnknownAccountError,
  isUnknownTokenError,
  UnknownTokenError,
} from '../common/errors.js';
import { inParallel } from '../common/in-parallel.js';
import { messages } from '../common/messages.js';
import {
  parseTokenName,
  type TokenKind,
  type TokenName,
  tokenName,
} from '../common/token-name.js';
import { TokenJournal } from '../observe/token-journal.js';
import type { TokenSource } from '../upstream/token-source.js';
import { TokenSources } from '../upstream/token-sources.js';

/** A token's name with all that is needed to renew the token. */
export interface RenewalTarget {
  readonly name: TokenName;
  readonly account: Account;
  readonly source: TokenSource;
}

/** The token's remark in the table, for people. */
export function remarkOf({ source, account }: RenewalTarget): string {
  return `${source.kind} of ${account.appId}, kept valid by nestjs-wechat-token`;
}

/** What became of many lookups. */
export interface FoundTargets {
  /** Undefined for a token of an unknown account or kind. */
  readonly found: ReadonlyMap<TokenName, RenewalTarget | undefined>;
  readonly late: readonly TokenName[];
}

/** Accounts that are looked up at a time: the app's own database answers. */
const LOOKUPS = 10;
const IN_TIME = { timeoutMs: 250, timedOut: () => new Error('late') };

/** Finds the account and the source behind a name. */
@Injectable()
export class RenewalTargets {
  constructor(
    private readonly accounts: Accounts,
    private readonly sources: TokenSources,
    private readonly journal: TokenJournal,
    private readonly clock: Clock,
  ) {}

  /** Whether accounts may be added or removed while the app runs. */
  get canChange(): boolean {
    return this.accounts.canChange;
  }

  get kinds(): ReadonlySet<TokenKind> {
    return this.sources.kinds;
  }

  /** @throws UnknownAccountError, UnknownTokenError, AccountSourceError */
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

  /** As {@link get}; undefined for a token of an unknown account or kind. */
  async find(name: TokenName): Promise<RenewalTarget | undefined> {
    try {
      return await this.get(name);
    } catch (error) {
      if (isUnknownAccountError(error) || isUnknownTokenError(error))
        return undefined;
      throw error;
    }
  }

  /**
   * {@link find} for each name, a few at a time. An account whose lookup fails is logged and omitted. One lookup that takes long
   * delays no other (R14): the names that were not looked up in time are `late`.
   */
  async findAll(names: readonly TokenName[]): Promise<FoundTargets> {
    const found = new Map<TokenName, RenewalTarget | undefined>();
    const late = new Set(names);
    let isOver = false;
    const all = inParallel(names, LOOKUPS, async (name) => {
      if (isOver) return;
      try {
        const target = await this.find(name);
        if (!isOver) found.set(name, target);
      } catch (error) {
        this.journal.notRenewed(name, error);
      }
      if (!isOver) late.delete(name);
    });
    await withDeadline(all, this.clock, IN_TIME).catch(() => undefined);
    isOver = true;
    return { found, late: [...late] };
  }

  /**
   * The targets of all accounts.
   * @param onSkipped Called for each account that cannot be used.
   * @throws AccountSourceError
   */
  async *all(onSkipped: () => void): AsyncGenerator<RenewalTarget> {
    for await (const account of this.accounts.list(onSkipped))
      for (const kind of this.sources.kindsOf(account)) {
        const name = tokenName(kind, account.name);
        yield { name, account, source: this.sources.get(kind, account) };
      }
  }

  /** The names of all tokens of one account. @throws UnknownAccountError, AccountSourceError */
  async namesOf(accountName: string): Promise<TokenName[]> {
    const account = await this.accounts.get(accountName);
    const kinds = this.sources.kindsOf(account);
    return kinds.map((kind) => tokenName(kind, account.name));
  }
}
