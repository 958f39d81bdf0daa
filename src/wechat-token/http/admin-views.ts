import { Injectable } from '@nestjs/common';
import { sinceChinaMidnight } from '../refresh/policy.js';
import { RenewalTargets } from '../refresh/renewal-target.js';
import type { TokenRow } from '../store/token-row.js';
import { TokenStore } from '../store/token-store.js';
import type { TokenName } from '../token-name.js';
import {
  isAccountSourceError,
  isUnknownAccountError,
  isUnknownTokenError,
} from '../wechat-token.errors.js';
import { type AdminView, adminView } from './admin-view.js';
import type { Caller } from './caller.js';
import type { TokenPageQuery } from './requests.js';

/** Behind every name that a token can have. */
const BEHIND_ALL = '~';

/** A page, and the name to go on behind; null when it is the last. */
interface Page<Item> {
  readonly items: readonly Item[];
  readonly next: TokenName | null;
}

/** Finds what an operator may see. */
@Injectable()
export class AdminViews {
  constructor(
    private readonly store: TokenStore,
    private readonly targets: RenewalTargets,
  ) {}

  async page(query: TokenPageQuery, caller: Caller): Promise<Page<AdminView>> {
    const { items, next } = await this.rows(query, caller);
    const views = await Promise.all(items.map((row) => this.of(row)));
    return { items: views.filter((view) => view !== undefined), next };
  }

  /** @throws UnknownAccountError, UnknownTokenError */
  async one(name: TokenName): Promise<AdminView> {
    const { account } = await this.targets.get(name);
    const row = await this.store.inspect(name);
    if (!row) return adminView(nothingYet(name), account, 0);
    return adminView(row, account, await this.forcedToday(row));
  }

  /** Undefined for a row that belongs to none of our accounts, or to one that cannot be used. */
  async of(row: TokenRow): Promise<AdminView | undefined> {
    try {
      const { account } = await this.targets.get(row.name);
      return adminView(row, account, await this.forcedToday(row));
    } catch (error) {
      if (hasNoAccount(error)) return undefined;
      throw error;
    }
  }

  /** One statement; for a caller who has only some accounts, one for each of them. */
  async rows(
    { after, limit }: TokenPageQuery,
    { accounts }: Caller,
  ): Promise<Page<TokenRow>> {
    if (!accounts) {
      // One more than is asked for tells whether there are more.
      const range = { after, before: BEHIND_ALL, limit: limit + 1 };
      return cut(await this.store.page(range), limit, ({ name }) => name);
    }
    const owned = await Promise.all(accounts.map((name) => this.namesOf(name)));
    const names = [...new Set(owned.flat())].sort();
    const wanted = names.filter((name) => name > after);
    const { items, next } = cut(wanted, limit, (name) => name);
    const rows = await Promise.all(items.map((n) => this.store.inspect(n)));
    return { items: rows.filter((row) => row !== undefined), next };
  }

  private async namesOf(account: string): Promise<TokenName[]> {
    try {
      return await this.targets.namesOf(account);
    } catch (error) {
      if (hasNoAccount(error)) return [];
      throw error;
    }
  }

  private async forcedToday({ name, databaseNow }: TokenRow): Promise<number> {
    const today = sinceChinaMidnight(databaseNow);
    return (await this.store.recentEvents(name, 'forced', today)).length;
  }
}

export function cut<Item, Next extends string | number>(
  found: readonly Item[],
  limit: number,
  keyOf: (item: Item) => Next,
): { items: readonly Item[]; next: Next | null } {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  const hasMore = found.length > limit && last !== undefined;
  return { items, next: hasMore ? keyOf(last) : null };
}

/** No account, or none that can be used; of one that is asked for by its name the answer says why. */
function hasNoAccount(error: unknown): boolean {
  return (
    isUnknownAccountError(error) ||
    isUnknownTokenError(error) ||
    (isAccountSourceError(error) && error.thrown === undefined)
  );
}

/** An account whose token was never looked at, such as a reader's on an empty database. */
function nothingYet(name: TokenName): TokenRow {
  return {
    name,
    value: null,
    version: 0,
    source: null,
    credentialId: null,
    issuedInMs: null,
    refreshInMs: null,
    expiresInMs: null,
    updatedInMs: null,
    leaseOwner: null,
    leaseInMs: null,
    failureCount: 0,
    nextAttemptInMs: null,
    lastError: null,
    databaseNow: 0,
    readAt: 0,
  };
}
