import { Injectable } from '@nestjs/common';
import type { Account } from '../accounts/account.js';
import { Accounts } from '../accounts/accounts.js';
import { Clock } from '../common/clock.js';
import { isAccountSourceError } from '../common/errors.js';
import { SingleFlight } from '../common/single-flight.js';

/** As often as all accounts are scanned. */
const KNOWN_FOR_MS = 60_000;
const MAX_KNOWN = 10_000;

interface Known {
  readonly account: Account;
  readonly until: number;
}

/** The accounts that callers name, each looked up once a minute: an AccountSource may ask a database, which may be away (R11). */
@Injectable()
export class KnownAccounts {
  /** The oldest first. */
  private readonly byName = new Map<string, Known>();
  private readonly flights = new SingleFlight<Account>();

  constructor(
    private readonly accounts: Accounts,
    private readonly clock: Clock,
  ) {}

  /** @throws UnknownAccountError; AccountSourceError for an account that was never found */
  async get(name: string): Promise<Account> {
    const known = this.byName.get(name);
    if (known && this.clock.now() < known.until) return known.account;
    try {
      const account = await this.flights.run(name, () =>
        this.accounts.get(name),
      );
      this.keep(name, account);
      return account;
    } catch (error) {
      if (known && isAccountSourceError(error)) return known.account;
      this.byName.delete(name);
      throw error;
    }
  }

  private keep(name: string, account: Account): void {
    this.byName.delete(name);
    this.byName.set(name, { account, until: this.clock.now() + KNOWN_FOR_MS });
    for (const oldest of this.byName.keys())
      if (this.byName.size <= MAX_KNOWN) return;
      else this.byName.delete(oldest);
  }
}
