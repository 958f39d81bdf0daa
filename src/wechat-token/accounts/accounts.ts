// Whose credentials are used?

import { Logger } from '@nestjs/common';
import { kindOf, originOf } from '../common/error-reason.js';
import {
  AccountSourceError,
  isAccountSourceError,
  isUnknownAccountError,
  UnknownAccountError,
} from '../common/errors.js';
import { LogLine } from '../common/log-line.js';
import { messages } from '../common/messages.js';
import type { Role } from '../common/settings.js';
import { Account, type ConfiguredAccount } from './account.js';
import type { AccountSource, Several } from './account-source.js';
import { accountMessages } from './account.messages.js';
import { isAccountName } from './account.schema.js';
import { checkedAccount, readAccount } from './checked-account.js';
import { ListedAccounts } from './listed-accounts.js';

/** An AccountSource that takes longer has failed (R14). */
const FIND_TIMEOUT_MS = 5000;
/** The number of different faults of accounts that are logged. */
const MAX_LOGGED = 1000;

/** Looks up accounts for the engine: fills in defaults and validates. */
export class Accounts {
  private readonly logger = new Logger('WechatToken');
  private readonly logged = new Set<string>();

  constructor(
    private readonly source: AccountSource,
    private readonly role: Role = 'refresher',
    /** The kinds of account of the app's own sources. */
    private readonly ownKinds: readonly string[] = [],
  ) {}

  /** Whether accounts may be added and removed while the app runs. */
  get canChange(): boolean {
    return !(this.source instanceof ListedAccounts);
  }

  /** @throws UnknownAccountError, AccountSourceError */
  async get(name: string): Promise<Account> {
    // A database may find an account by other names too, such as with trailing blanks or without accents.
    if (!isAccountName(name)) throw unknownAccount(name);
    const read = await this.ask(name);
    if (!read) throw unknownAccount(name);
    return checkedAccount(read, this.role, { requested: name });
  }

  /** As {@link get}; undefined when there is no such account. @throws AccountSourceError */
  async find(name: string): Promise<Account | undefined> {
    try {
      return await this.get(name);
    } catch (error) {
      if (isUnknownAccountError(error)) return undefined;
      throw error;
    }
  }

  /**
   * @param onSkipped Called for each invalid account.
   * @throws AccountSourceError
   */
  list(onSkipped?: () => void): AsyncIterable<Account> {
    return this.usable(() => this.source.list(), undefined, onSkipped);
  }

  /**
   * The first account with this appid that meets the condition; no promise if the accounts are those of the options, which were
   * validated at the start: promises are most of what a request for a token costs.
   * @throws AccountSourceError
   */
  findByAppId(
    appId: string,
    condition: (account: Account) => boolean,
  ): Account | undefined | Promise<Account | undefined> {
    const { source } = this;
    return source instanceof ListedAccounts
      ? source.listByAppId(appId).find(condition)
      : firstOf(this.withAppId(appId), condition);
  }

  /** @throws AccountSourceError */
  withAppId(appId: string): AsyncIterable<Account> {
    const { source } = this;
    return this.usable(
      () => source.listByAppId?.(appId) ?? source.list(),
      (account) => platformIdOf(account) === appId,
    );
  }

  private async ask(name: string) {
    try {
      const found = await withTimeout(this.source.find(name));
      // A TypeORM repository returns null.
      return found ? readAccount(found, this.ownKinds) : undefined;
    } catch (error) {
      throw isUnknownAccountError(error)
        ? unknownAccount(name)
        : sourceError(error);
    }
  }

  /** R14: an invalid account is skipped and does not affect the others. */
  private async *usable(
    list: () => Several<ConfiguredAccount>,
    isWanted: (account: ConfiguredAccount) => boolean = () => true,
    onSkipped?: () => void,
  ): AsyncIterable<Account> {
    let number = 0;
    try {
      for await (const found of list()) {
        number++;
        if (!isWanted(found)) continue;
        const account = this.checkedOrSkipped(found, number);
        if (account) {
          this.warnOfTickets(account);
          yield account;
        } else onSkipped?.();
      }
    } catch (error) {
      throw sourceError(error);
    }
  }

  private checkedOrSkipped(
    found: ConfiguredAccount,
    number: number,
  ): Account | undefined {
    try {
      return checkedAccount(readAccount(found, this.ownKinds), this.role, {
        number,
      });
    } catch (error) {
      if (!isAccountSourceError(error)) throw error;
      this.logSkipped(error.message);
      return undefined;
    }
  }

  private warnOfTickets({ name, kind, tickets }: Account): void {
    if (!kind.startsWith('mini-') || tickets.length === 0) return;
    const detail = accountMessages.ticketOfMiniProgram(kind, tickets);
    if (this.isFirst(`${name} ${detail}`))
      this.logger.warn(
        new LogLine('unusual tickets', { account: name, detail }),
      );
  }

  private logSkipped(reason: string): void {
    if (this.isFirst(reason))
      this.logger.error(new LogLine('account skipped', { reason }));
  }

  /** Each reason is logged once, however often the accounts are listed. */
  private isFirst(reason: string): boolean {
    if (this.logged.has(reason) || this.logged.size >= MAX_LOGGED) return false;
    this.logged.add(reason);
    return true;
  }
}

/** Of an account that is not validated yet. */
function platformIdOf(account: ConfiguredAccount | undefined): unknown {
  const { corpId, appId } = Object(account) as Record<string, unknown>;
  return account instanceof Account ? account.platformId : (corpId ?? appId);
}

async function firstOf<Item>(
  items: AsyncIterable<Item>,
  condition: (item: Item) => boolean,
): Promise<Item | undefined> {
  for await (const item of items) if (condition(item)) return item;
  return undefined;
}

/** R14: an AccountSource that never responds delays no other account. */
async function withTimeout<Found>(
  finding: Found | Promise<Found>,
): Promise<Found> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const message = `no response within ${FIND_TIMEOUT_MS} ms`;
    timer = setTimeout(
      () => reject(new DOMException(message, 'TimeoutError')),
      FIND_TIMEOUT_MS,
    );
  });
  try {
    return await Promise.race([finding, late]);
  } finally {
    clearTimeout(timer);
  }
}

function unknownAccount(name: string): UnknownAccountError {
  return new UnknownAccountError(messages.unknownAccount(name));
}

function sourceError(error: unknown): AccountSourceError {
  const message = messages.accountSourceFailed();
  return new AccountSourceError(message, kindOf(error), originOf(error));
}
