// Whose credentials are these?

import { Logger } from '@nestjs/common';
import { kindOf } from '../common/error-reason.js';
import {
  AccountSourceError,
  isAccountSourceError,
  isUnknownAccountError,
  UnknownAccountError,
} from '../common/errors.js';
import { messages } from '../common/messages.js';
import type { Role } from '../common/settings.js';
import type { Account, WechatAccount } from './account.js';
import type { AccountSource, Several } from './account-source.js';
import { isAccountName } from './account.schema.js';
import { checkedAccount, readAccount } from './checked-account.js';
import { ListedAccounts } from './listed-accounts.js';

/** An AccountSource that takes longer has failed. */
const FIND_TIMEOUT_MS = 5000;
/** No more sentences than that about accounts that are left out. */
const MOST_TOLD = 1000;

/** Looks accounts up for the engine: defaults filled in, what is wrong a clear error. */
export class Accounts {
  private readonly logger = new Logger('WechatToken');
  private readonly told = new Set<string>();

  constructor(
    private readonly source: AccountSource,
    private readonly role: Role = 'refresher',
  ) {}

  /** Accounts may come and go while the app runs. */
  get canChange(): boolean {
    return !(this.source instanceof ListedAccounts);
  }

  /** @throws UnknownAccountError, AccountSourceError */
  async get(name: string): Promise<Account> {
    // A database may find an account by more names than its own: with blanks behind, or accents.
    if (!isAccountName(name)) throw unknown(name);
    const read = await this.find(name);
    if (!read) throw unknown(name);
    return checkedAccount(read, this.role, { asked: name });
  }

  /**
   * @param leavesOut Called for each that cannot be used.
   * @throws AccountSourceError
   */
  list(leavesOut?: () => void): AsyncIterable<Account> {
    return this.usable(() => this.source.list(), undefined, leavesOut);
  }

  /** @throws AccountSourceError */
  withAppId(appId: string): AsyncIterable<Account> {
    const { source } = this;
    return this.usable(
      () => source.listByAppId?.(appId) ?? source.list(),
      (account) => account?.appId === appId,
    );
  }

  private async find(name: string) {
    try {
      const found = await soon(this.source.find(name));
      // A repository says null.
      return found ? readAccount(found) : undefined;
    } catch (error) {
      throw isUnknownAccountError(error) ? unknown(name) : failed(error);
    }
  }

  /** R14: one that cannot be used keeps nobody from the others. */
  private async *usable(
    list: () => Several<WechatAccount>,
    isWanted: (account: WechatAccount) => boolean = () => true,
    leavesOut?: () => void,
  ): AsyncIterable<Account> {
    let number = 0;
    try {
      for await (const found of list()) {
        number++;
        if (!isWanted(found)) continue;
        const account = this.orLeftOut(found, number);
        if (account) yield account;
        else leavesOut?.();
      }
    } catch (error) {
      throw failed(error);
    }
  }

  private orLeftOut(found: WechatAccount, number: number): Account | undefined {
    try {
      return checkedAccount(readAccount(found), this.role, { number });
    } catch (error) {
      if (!isAccountSourceError(error)) throw error;
      this.tell(error.message);
      return undefined;
    }
  }

  /** Once, however often the accounts are listed. */
  private tell(reason: string): void {
    if (this.told.has(reason) || this.told.size >= MOST_TOLD) return;
    this.told.add(reason);
    this.logger.error('account left out', { reason });
  }
}

/** R14: one that is never found keeps nobody else waiting. */
async function soon<Found>(finding: Found | Promise<Found>): Promise<Found> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const message = `no answer within ${FIND_TIMEOUT_MS} ms`;
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

function unknown(name: string): UnknownAccountError {
  return new UnknownAccountError(messages.unknownAccount(name));
}

function failed(error: unknown): AccountSourceError {
  const message = messages.accountSourceFailed();
  return new AccountSourceError(message, kindOf(error));
}
