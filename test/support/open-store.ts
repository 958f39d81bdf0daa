import { createSecretKey } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { openDatabase } from '../../src/config/database.js';
import {
  type Database,
  parseDatabaseUrl,
} from '../../src/config/database-url.js';
import { MonotonicClock } from '../../src/wechat-token/common/clock.js';
import { DatabaseClock } from '../../src/wechat-token/store/database-clock.js';
import { RowMapper } from '../../src/wechat-token/store/row-mapper.js';
import { Sealing } from '../../src/wechat-token/store/sealing.js';
import type { PlainValues } from '../../src/wechat-token/common/settings.js';
import { SqlRunner } from '../../src/wechat-token/store/sql-runner.js';
import { SystemVarStore } from '../../src/wechat-token/store/system-var.store.js';
import type {
  Lease,
  TokenRow,
  TokenUpdate,
} from '../../src/wechat-token/store/token-row.js';
import { TokenEvents } from '../../src/wechat-token/store/token-events.js';
import { TokenHours } from '../../src/wechat-token/store/token-hours.js';
import { TokenList } from '../../src/wechat-token/store/token-list.js';
import { ChangeFeed } from '../../src/wechat-token/store/change-feed.js';
import { QueueFront } from '../../src/wechat-token/store/queue-front.js';
import { RenewalQueue } from '../../src/wechat-token/store/renewal-queue.js';
import { TokenStore } from '../../src/wechat-token/store/token-store.js';
import type { TestDatabase } from './every-database.js';
import { type InstantColumn, passTime, query, words } from './sql.js';

/** A stored row as plain SQL sees it, without any code under test. */
export interface PlainRow {
  readonly [column: string]: string | number | null;
}

/** An encryption key as its bytes. */
export interface RawKey {
  readonly id: string;
  readonly key: Buffer;
}

/** The store on a database of its own, as one replica has it. */
export class StoreUnderTest implements AsyncDisposable {
  readonly store: TokenStore;
  readonly queue: RenewalQueue;
  readonly feed: ChangeFeed;
  readonly events: TokenEvents;
  readonly hours: TokenHours;
  readonly list: TokenList;
  readonly variables: SystemVarStore;
  private readonly runners: SqlRunner[] = [];

  constructor(
    readonly dataSource: DataSource,
    readonly url: string,
    private readonly dispose: () => Promise<void>,
    keys: readonly RawKey[],
  ) {
    const stores = this.withKeys(keys);
    this.store = stores.store;
    this.queue = stores.queue;
    this.feed = stores.feed;
    this.events = stores.events;
    this.hours = stores.hours;
    this.list = stores.list;
    this.variables = stores.variables;
  }

  /** The stores of a replica that has these encryption keys, on the same database. */
  withKeys(keys: readonly RawKey[], plain?: PlainValues) {
    return this.with(this.dataSource, keys, plain);
  }

  /** The stores of an app that has this DataSource. */
  with(
    dataSource: DataSource,
    keys: readonly RawKey[] = [],
    plain?: PlainValues,
  ) {
    const clock = new MonotonicClock();
    const sql = this.runner(dataSource);
    const secrets = keys.map(({ id, key }) => {
      return { id, key: createSecretKey(key) };
    });
    const sealing = new Sealing(secrets, plain);
    const mapper = new RowMapper(sealing, new DatabaseClock());
    return {
      store: new TokenStore(sql, sealing, mapper, clock),
      queue: new RenewalQueue(sql, mapper, clock, new QueueFront(clock)),
      feed: new ChangeFeed(sql, new QueueFront(clock)),
      events: new TokenEvents(sql),
      hours: new TokenHours(sql),
      list: new TokenList(sql, mapper, clock),
      variables: new SystemVarStore(sql, sealing),
    };
  }

  /** As another replica has it; closed with the store. */
  runner(dataSource = this.dataSource): SqlRunner {
    const runner = new SqlRunner(dataSource, new MonotonicClock());
    this.runners.push(runner);
    return runner;
  }

  /** For SQL of the test's own. */
  get words() {
    return words(this.dataSource);
  }

  sql<Row = PlainRow>(
    text: string,
    values: readonly unknown[] = [],
  ): Promise<Row[]> {
    return query(this.dataSource, text, values);
  }

  /** The row of that name, which must exist. */
  async plainRow(name: string): Promise<PlainRow> {
    const [row] = await this.sql('SELECT * FROM system_var WHERE name = ?', [
      name,
    ]);
    if (!row) throw new Error(`no row "${name}"`);
    return row;
  }

  /** An instant of a row, epoch milliseconds. */
  async instant(name: string, column: InstantColumn): Promise<number> {
    const text = this.words.text(column);
    const [row] = await this.sql<{ at: string | null }>(
      `SELECT ${text} AS at FROM system_var WHERE name = ?`,
      [name],
    );
    if (!row?.at) throw new Error(`"${name}" has no ${column}`);
    return Date.parse(`${row.at.replace(' ', 'T')}Z`);
  }

  /** Lets time pass: moves every instant in the database back. */
  async elapse(ms: number): Promise<void> {
    await passTime(this.dataSource, ms);
  }

  /** Makes the row, as the engine does before a token is fetched for the first time. */
  async newRow(name: string): Promise<TokenRow> {
    await this.store.insertMissing([{ name: name, remark: '' }]);
    return this.row(name);
  }

  /** The row as the store reads it, which must exist. */
  async row(name: string): Promise<TokenRow> {
    const row = await this.store.read(name);
    if (!row) throw new Error(`no row "${name}"`);
    return row;
  }

  /** The names that a new replica would read whose last poll was `sinceMs` ago. */
  async changedWithin(sinceMs: number): Promise<string[]> {
    const { changes } = await this.feed.poll(sinceMs, 100);
    return changes.map(({ name }) => name).toSorted();
  }

  /** Takes the lease, which must be free. */
  async lease(name: string, ms = 30_000): Promise<Lease> {
    const lease = await this.store.claim(await this.row(name), 'replica-1', ms);
    if (!lease) throw new Error(`"${name}" is leased`);
    return lease;
  }

  /** Stores a token as a renewal does: of two hours, due after 115 minutes. */
  async putToken(
    name: string,
    value: string,
    life: Partial<TokenUpdate> = {},
  ): Promise<void> {
    await this.store.insertMissing([{ name: name, remark: '' }]);
    const stored = await this.store.storeRenewed(await this.lease(name), {
      ...renewed(value),
      ...life,
    });
    if (!stored) throw new Error(`the lease of "${name}" was lost`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.runners.map((runner) => runner.close()));
    await this.dispose();
  }
}

export const LIFE_MS = 7_200_000;
export const DUE_MS = 6_900_000;

/** What a renewal brings. */
export function renewed(value: string): TokenUpdate {
  return {
    value,
    unchanged: false,
    sameEnd: false,
    source: 'stable',
    credentialId: 'c0ffee00',
    appId: 'wx0123456789abcdef',
    refreshAfterMs: DUE_MS,
    expiresAfterMs: LIFE_MS,
    nextAfterMs: 300_000,
  };
}

/** A fresh database with the tables in it. */
export async function openStore(
  database: TestDatabase,
  keys: readonly RawKey[] = [],
): Promise<StoreUnderTest> {
  const fresh = await database.create();
  const dataSource = await openDatabase(parsed(fresh.url), true);
  const dispose = async () => {
    await dataSource.destroy();
    await fresh.drop();
  };
  return new StoreUnderTest(dataSource, fresh.url, dispose, keys);
}

/** The store on a DataSource with the tables in it, which is closed with it. */
export function openStoreOn(
  dataSource: DataSource,
  url: string,
): StoreUnderTest {
  return new StoreUnderTest(dataSource, url, () => dataSource.destroy(), []);
}

export function parsed(url: string): Database {
  const database = parseDatabaseUrl(url);
  if (!database) throw new Error(`not a database: ${url}`);
  return database;
}
