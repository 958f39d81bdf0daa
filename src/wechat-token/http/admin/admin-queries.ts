import { Injectable } from '@nestjs/common';
import { sinceChinaMidnight } from '../../renewal/policy.js';
import {
  type RenewalTarget,
  RenewalTargets,
} from '../../renewal/renewal-target.js';
import type { TokenRow } from '../../store/token-row.js';
import { TokenEvents } from '../../store/token-events.js';
import { TokenStore } from '../../store/token-store.js';
import type { TokenName } from '../../common/token-name.js';
import {
  isAccountSourceError,
  isUnknownAccountError,
  isUnknownTokenError,
} from '../../common/errors.js';
import { type AdminView, adminView } from './admin-view.js';
import type { Caller } from '../auth/caller.js';
import type { TokenPageQuery } from './admin.requests.js';

/** Behind every name that a token can have. */
const BEHIND_ALL = '~';

/** A page, and the name to go on behind; null when it is the last. */
interface Page<Item> {
  readonly items: readonly Item[];
  readonly next: TokenName | null;
}

/** Finds what an operator may see. */
@Injectable()
export class AdminQueries {
  constructor(
    private readonly store: TokenStore,
    private readonly events: TokenEvents,
    private readonly targets: RenewalTargets,
  ) {}

  async page(query: TokenPageQuery, caller: Caller): Promise<Page<AdminView>> {
    const { items, next } = await this.rows(query, caller);
    return { items: await this.of(items), next };
  }

  /** @throws UnknownAccountError, UnknownTokenError */
  async one(name: TokenName): Promise<AdminView> {
    const { account } = await this.targets.get(name);
    const rows = await this.store.inspectAll([name]);
    const [view] = await this.of(rows);
    return view ?? adminView(nothingYet(name), account, 0);
  }

  /** Without the rows that belong to none of our accounts, or to one that cannot be used. */
  async of(rows: readonly TokenRow[]): Promise<AdminView[]> {
    const forced = await this.forcedToday(rows);
    const views = rows.map(async (row) => {
      const target = await this.targetOf(row.name);
      return target
        ? [adminView(row, target.account, forced.get(row.name) ?? 0)]
        : [];
    });
    return (await Promise.all(views)).flat();
  }

  private async targetOf(name: TokenName): Promise<RenewalTarget | undefined> {
    try {
      return await this.targets.get(name);
    } catch (error) {
      if (hasNoAccount(error)) return undefined;
      throw error;
    }
  }

  /** One statement. */
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
    const rows = items.length > 0 ? await this.store.inspectAll(items) : [];
    return { items: rows.sort(byName), next };
  }

  private async namesOf(account: string): Promise<TokenName[]> {
    try {
      return await this.targets.namesOf(account);
    } catch (error) {
      if (hasNoAccount(error)) return [];
      throw error;
    }
  }

  private async forcedToday(
    rows: readonly TokenRow[],
  ): Promise<Map<TokenName, number>> {
    const today = sinceChinaMidnight(rows[0]?.databaseNow ?? 0);
    const names = rows.map(({ name }) => name);
    return this.events.count(names, 'forced', today);
  }
}

function byName(one: TokenRow, other: TokenRow): number {
  return one.name < other.name ? -1 : 1;
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
    issuedInMs: -Infinity,
    refreshInMs: -Infinity,
    expiresInMs: -Infinity,
    updatedInMs: -Infinity,
    leaseOwner: null,
    leaseInMs: -Infinity,
    failureCount: 0,
    nextAttemptInMs: -Infinity,
    lastError: null,
    databaseNow: 0,
    readAt: 0,
  };
}
