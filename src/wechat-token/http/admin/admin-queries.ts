import { Injectable } from '@nestjs/common';
import { budgetName } from '../../renewal/budgets.js';
import { sinceChinaMidnight } from '../../renewal/policy/back-off.js';
import {
  type RenewalTarget,
  RenewalTargets,
} from '../../renewal/policy/renewal-target.js';
import type { TokenRow } from '../../store/token-row.js';
import { TokenEvents } from '../../store/token-events.js';
import { type ListPlace, TokenList } from '../../store/token-list.js';
import { TokenStore } from '../../store/token-store.js';
import {
  parseTokenName,
  type TokenKind,
  type TokenName,
} from '../../common/token-name.js';
import {
  isAccountSourceError,
  isUnknownAccountError,
  isUnknownTokenError,
} from '../../common/errors.js';
import { adminView } from './admin-view.js';
import type {
  AdminView,
  EventPage,
  TokenPage,
  TokenStatus,
} from './admin.types.js';
import type { Caller } from '../auth/caller.js';
import {
  type EventPageQuery,
  STATUSES,
  type TokenPageQuery,
  URGENCY_CURSOR,
} from './admin.requests.js';
import { TableScans } from './table-scans.js';

/** Sorts after every token name. */
const AFTER_ALL_NAMES = '~';

/** Before every token in the order of urgency. */
const BEFORE_ALL: ListPlace = { place: -1, name: '' };

/** Whether tokens are looked for by more than their names: unless those are given too, every row of the table is read. */
export function isSearch(query: TokenPageQuery): boolean {
  const { order, status, kind, search } = query;
  return order === 'urgency' || [status, kind, search].some(isGiven);
}

/** A page of a list that is ordered by a key. */
interface Page<Item, Key> {
  readonly items: readonly Item[];
  /** The key after which the next page begins; null on the last page. */
  readonly next: Key | null;
}

/** Reads the tokens that a caller may see. */
@Injectable()
export class AdminQueries {
  constructor(
    private readonly store: TokenStore,
    private readonly history: TokenEvents,
    private readonly targets: RenewalTargets,
    private readonly list: TokenList,
    private readonly scans: TableScans,
  ) {}

  async page(query: TokenPageQuery, caller: Caller): Promise<TokenPage> {
    const { items, next } = await this.rowPage(query, caller);
    return { items: await this.viewsOf(items), next };
  }

  /** @throws UnknownAccountError, UnknownTokenError */
  async get(name: TokenName): Promise<AdminView> {
    const target = await this.targets.get(name);
    const rows = await this.store.inspectAll([name]);
    const [view] = await this.viewsOf(rows);
    return view ?? adminView(emptyRow(name), target, 0);
  }

  /** Rows of accounts that are unknown or not usable are omitted. */
  async viewsOf(rows: readonly TokenRow[]): Promise<AdminView[]> {
    const forcedToday = await this.forcedToday(rows);
    const views = rows.map(async (row) => {
      const target = await this.targetOf(row.name);
      return target ? [adminView(row, target, forcedToday(row))] : [];
    });
    return (await Promise.all(views)).flat();
  }

  private async targetOf(name: TokenName): Promise<RenewalTarget | undefined> {
    try {
      return await this.targets.get(name);
    } catch (error) {
      if (isAccountError(error)) return undefined;
      throw error;
    }
  }

  /** One statement. */
  async rowPage(
    query: TokenPageQuery,
    { accounts }: Caller,
  ): Promise<Page<TokenRow, string>> {
    const owned = accounts && (await this.namesOf(accounts));
    const names = owned && query.name ? both(owned, query.name) : query.name;
    return isSearch(query)
      ? this.found(query, names ?? owned)
      : this.named(query, names ?? owned);
  }

  /** The names of all tokens of these accounts, in their order. */
  async namesOf(accounts: readonly string[]): Promise<TokenName[]> {
    const names = accounts.map((account) => this.namesOfOne(account));
    return [...new Set((await Promise.all(names)).flat())].sort();
  }

  /** The kinds of these names, or of all tokens that there may be; sorted. */
  kinds(names: readonly TokenName[] | undefined): TokenKind[] {
    const found = names
      ? new Set(names.map((name) => parseTokenName(name).kind))
      : this.targets.kinds;
    return [...found].sort();
  }

  /** How many tokens there are of each status: of these names, or of all. */
  async statuses(
    names: readonly TokenName[] | undefined,
  ): Promise<Record<TokenStatus, number>> {
    const counts = names
      ? await this.list.statuses(names)
      : await this.scans.run(() => this.list.statuses());
    const of = (status: TokenStatus) => counts.get(status) ?? 0;
    return {
      expired: of('expired'),
      missing: of('missing'),
      'cooling-down': of('cooling-down'),
      due: of('due'),
      refreshing: of('refreshing'),
      valid: of('valid'),
    };
  }

  /** @throws UnknownAccountError, UnknownTokenError */
  async events(
    name: TokenName,
    { limit, before }: EventPageQuery,
  ): Promise<EventPage> {
    await this.targets.get(name);
    const stored = await this.history.page(name, { before, limit: limit + 1 });
    const { items, next } = paginate(stored, limit, ({ id }) => id);
    const events = items.map(({ at, ...event }) => ({
      ...event,
      at: new Date(at).toISOString(),
    }));
    return { items: events, next };
  }

  /** A page in the order of the names: of these, or of all. */
  private async named(
    { after, limit }: TokenPageQuery,
    names: readonly TokenName[] | undefined,
  ): Promise<Page<TokenRow, TokenName>> {
    if (!names) {
      // One row more than requested shows whether there is a next page.
      const range = { after, before: AFTER_ALL_NAMES, limit: limit + 1 };
      return paginate(await this.store.page(range), limit, ({ name }) => name);
    }
    const remaining = names.toSorted().filter((name) => name > after);
    const { items, next } = paginate(remaining, limit, (name) => name);
    const rows = items.length > 0 ? await this.store.inspectAll(items) : [];
    return { items: rows.sort(byName), next };
  }

  private async found(
    query: TokenPageQuery,
    names: readonly TokenName[] | undefined,
  ): Promise<Page<TokenRow, string>> {
    const { order, status, kind, search = '', limit } = query;
    const after = placeOf(query);
    const statuses = status ?? STATUSES;
    const wanted = { order, statuses, kind, search, names, after };
    const find = () => this.list.page({ ...wanted, limit: limit + 1 });
    const rows = names ? await find() : await this.scans.run(find);
    const { items, next } = paginate(rows, limit, ({ row, place }) =>
      order === 'name' ? row.name : `${place}:${row.name}`,
    );
    return { items: items.map(({ row }) => row), next };
  }

  private async namesOfOne(account: string): Promise<TokenName[]> {
    try {
      return await this.targets.namesOf(account);
    } catch (error) {
      if (isAccountError(error)) return [];
      throw error;
    }
  }

  /** R9: by the names of an appid together. */
  private async forcedToday(
    rows: readonly TokenRow[],
  ): Promise<(row: TokenRow) => number> {
    const midnight = sinceChinaMidnight(rows[0]?.databaseNow ?? 0);
    const namesOf = ({ name, appId }: TokenRow) =>
      appId === null ? [name] : [name, budgetName(name, appId)];
    const names = [...new Set(rows.flatMap(namesOf))];
    const counts = await this.history.count(names, 'forced', midnight);
    return (row) =>
      Math.max(...namesOf(row).map((name) => counts.get(name) ?? 0));
  }
}

function isGiven(value: unknown): boolean {
  return value !== undefined;
}

function both(
  names: readonly TokenName[],
  others: readonly TokenName[],
): TokenName[] {
  return names.filter((name) => others.includes(name));
}

function placeOf({ order, after }: TokenPageQuery): ListPlace {
  if (order === 'name') return { ...BEFORE_ALL, name: after };
  const [, place, name = ''] = URGENCY_CURSOR.exec(after) ?? [];
  return place === undefined ? BEFORE_ALL : { place: Number(place), name };
}

function byName(one: TokenRow, other: TokenRow): number {
  return one.name < other.name ? -1 : 1;
}

/** The first `limit` items; more items mean that there is a next page. */
export function paginate<Item, Key extends string | number>(
  found: readonly Item[],
  limit: number,
  keyOf: (item: Item) => Key,
): Page<Item, Key> {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  const hasMore = found.length > limit && last !== undefined;
  return { items, next: hasMore ? keyOf(last) : null };
}

/** Whether the account is unknown or not usable. An AccountSource that has thrown says nothing about the account. */
function isAccountError(error: unknown): boolean {
  return (
    isUnknownAccountError(error) ||
    isUnknownTokenError(error) ||
    (isAccountSourceError(error) && error.thrown === undefined)
  );
}

/** For an account without a row, such as that of a reader on an empty database. */
function emptyRow(name: TokenName): TokenRow {
  return {
    name,
    value: null,
    version: 0,
    source: null,
    credentialId: null,
    appId: null,
    issuedInMs: -Infinity,
    refreshInMs: -Infinity,
    expiresInMs: -Infinity,
    updatedInMs: -Infinity,
    leaseOwner: null,
    leaseInMs: -Infinity,
    failureCount: 0,
    nextAttemptInMs: -Infinity,
    nextInMs: -Infinity,
    lastError: null,
    databaseNow: 0,
    readAt: 0,
  };
}
