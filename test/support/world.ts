import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { LoggerService } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { ScheduleModule } from '@nestjs/schedule';
import { Test, type TestingModule } from '@nestjs/testing';
import type { DataSource } from 'typeorm';
import { openDatabase } from '../../src/config/database.js';
import {
  type Database,
  parseDatabaseUrl,
} from '../../src/config/database-url.js';
import {
  DEFAULT_FAKE_ACCOUNT,
  FakeWechat,
  type FakeWechatOptions,
} from '../../src/testing/index.js';
import { Clock, MonotonicClock } from '../../src/wechat-token/common/clock.js';
import {
  AccessTokenProvider,
  ProblemFilter,
  SystemVarStore,
  TokenRefresher,
  WechatApiClient,
  WechatTokenModule,
  type WechatTokenModuleOptions,
} from '../../src/wechat-token/index.js';
import { TokenJournal } from '../../src/wechat-token/observe/token-journal.js';
import { Renewer } from '../../src/wechat-token/renewal/renewer.js';
import { TokenWaiter } from '../../src/wechat-token/access/token-waiter.js';
import { AccountCheck } from '../../src/wechat-token/schedule/account-check.js';
import { Rounds } from '../../src/wechat-token/schedule/rounds.js';
import { ChangePoller } from '../../src/wechat-token/schedule/change-poller.js';
import { DatabaseClock } from '../../src/wechat-token/store/database-clock.js';
import { RowMapper } from '../../src/wechat-token/store/row-mapper.js';
import { Sealing } from '../../src/wechat-token/store/sealing.js';
import { SqlRunner } from '../../src/wechat-token/store/sql-runner.js';
import type { TokenRow } from '../../src/wechat-token/store/token-row.js';
import { TokenEvents } from '../../src/wechat-token/store/token-events.js';
import { QueueFront } from '../../src/wechat-token/store/queue-front.js';
import { RenewalQueue } from '../../src/wechat-token/store/renewal-queue.js';
import { TokenStore } from '../../src/wechat-token/store/token-store.js';
import { PlatformGateway } from '../../src/wechat-token/upstream/gateway.js';
import type { TestDatabase } from './every-database.js';
import { passTime, query, words } from './sql.js';
import { typeOrm } from './type-orm.js';
import { unusedConnections } from './unused-connections.js';

/** Runs in real time, and can be moved forward; so can the platform and the database, by {@link World.advance}. */
class MovableClock extends MonotonicClock {
  private offset = 0;
  private readonly sleepers = new Set<{ until: number; wake: () => void }>();

  override now(): number {
    return super.now() + this.offset;
  }

  /** Ends when that time has passed, or when {@link wake} finds that it has been moved past. */
  override async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const end = new AbortController();
    const abort = () => end.abort(signal?.reason);
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort, { once: true });
    const sleeper = { until: this.now() + ms, wake: () => end.abort() };
    this.sleepers.add(sleeper);
    try {
      await super.sleep(ms, end.signal);
    } catch (error) {
      if (signal?.aborted || !end.signal.aborted) throw error;
    } finally {
      this.sleepers.delete(sleeper);
      signal?.removeEventListener('abort', abort);
    }
  }

  advance(ms: number): void {
    this.offset += ms;
  }

  wake(): void {
    for (const { until, wake } of this.sleepers)
      if (until <= this.now()) wake();
  }
}

/** One running copy of the module, as an app has it, without its timers: a test calls `rounds.tick()` and `poller.poll()` itself. */
export interface TestReplica {
  readonly module: TestingModule;
  readonly dataSource: DataSource;
  readonly tokens: AccessTokenProvider;
  readonly api: WechatApiClient;
  readonly refresher: TokenRefresher;
  readonly variables: SystemVarStore;
  readonly store: TokenStore;
  readonly queue: RenewalQueue;
  readonly events: TokenEvents;
  readonly journal: TokenJournal;
  readonly poller: ChangePoller;
  readonly rounds: Rounds;
  readonly accountCheck: AccountCheck;
  /** To renew as the engine itself does: joins the renewal that is under way, if there is one. */
  readonly renewer: Renewer;
  /** What callers of any token wait for. */
  readonly waiter: TokenWaiter;
  readonly close: () => Promise<void>;
}

export interface WorldOptions {
  /** Default: SQLite in a temporary folder. */
  readonly databaseUrl?: string;
  readonly wechat?: FakeWechatOptions;
}

/** A replica that serves its routes too. */
export interface HttpReplica extends TestReplica {
  /** Such as `http://127.0.0.1:40123`. */
  readonly url: string;
}

/** A caller of the default account who does not wait for another attempt, which comes a second later at the soonest. */
export const ONCE = ['default', { timeoutMs: 1000 }] as const;

export type ReplicaOptions = Partial<WechatTokenModuleOptions> & {
  /** Receives every line that the engine logs. Default: none. */
  readonly logger?: LoggerService;
  /** Its connection, from {@link World.open}. Default: a new one. */
  readonly opened?: Promise<DataSource>;
};

/** Timers that never fire within a test. */
const NEVER = { cron: '0 0 0 29 2 *', syncIntervalMs: 60_000 };

const nothing = () => undefined;
const SILENT: LoggerService = { log: nothing, error: nothing, warn: nothing };

/** FakeWechat, a database and any number of replicas, on one clock that a test can move. */
export class World implements AsyncDisposable {
  readonly clock = new MovableClock();
  private readonly replicas: TestReplica[] = [];
  private ownDataSource: Promise<DataSource> | undefined;
  private drop = () => Promise.resolve();
  private ownRunner: SqlRunner | undefined;

  private constructor(
    readonly wechat: FakeWechat,
    readonly databaseUrl: string,
    private readonly folder: string,
  ) {}

  static async create(options: WorldOptions = {}): Promise<World> {
    const folder = mkdtempSync(join(tmpdir(), 'wechat-token-world-'));
    const url = options.databaseUrl ?? `sqlite:${join(folder, 'world.sqlite')}`;
    return new World(await FakeWechat.start(options.wechat), url, folder);
  }

  /** The same on a fresh database of that kind, which is dropped with it. */
  static async on(
    database: TestDatabase,
    options: WorldOptions = {},
  ): Promise<World> {
    const fresh = await database.create();
    const world = await World.create({ ...options, databaseUrl: fresh.url });
    world.drop = () => fresh.drop();
    return world;
  }

  /** Connects to the database, as a replica does at its start. */
  open(): Promise<DataSource> {
    return openDatabase(this.database, true);
  }

  /** Starts a replica with the default account, unless the options name others. */
  async replica(options: ReplicaOptions = {}): Promise<TestReplica> {
    const { module, dataSource } = await this.compile(options);
    await module.init();
    return this.keep(module, dataSource, () => module.close());
  }

  /** Like {@link replica}, listening on its own port, with the app's filter for errors. */
  async httpReplica(
    adapter: AbstractHttpAdapter,
    options: ReplicaOptions = {},
  ): Promise<HttpReplica> {
    const { module, dataSource } = await this.compile(options);
    const app = module.createNestApplication(adapter);
    app.useGlobalFilters(app.get(ProblemFilter));
    const endUnused = unusedConnections(app.getHttpServer());
    await app.listen(0, '127.0.0.1');
    const replica = this.keep(module, dataSource, () => {
      endUnused();
      return app.close();
    });
    return { ...replica, url: await app.getUrl() };
  }

  private async compile(options: ReplicaOptions) {
    const { logger = SILENT, opened, ...given } = options;
    const dataSource = await (opened ?? this.open());
    const module = await Test.createTestingModule({
      imports: [
        ScheduleModule.forRoot(),
        typeOrm(dataSource),
        WechatTokenModule.forRoot({
          accounts: [DEFAULT_FAKE_ACCOUNT],
          ...given,
          api: {
            baseUrl: this.wechat.baseUrl,
            wecomBaseUrl: this.wechat.baseUrl,
            ...given.api,
          },
          refresh: { ...NEVER, ...given.refresh },
        }),
      ],
    })
      .overrideProvider(Clock)
      .useValue(this.clock)
      .setLogger(logger)
      .compile();
    // Loading it takes longer than some tests wait for the first call.
    await module.get(PlatformGateway).ready();
    return { module, dataSource };
  }

  private keep(
    module: TestingModule,
    dataSource: DataSource,
    close: () => Promise<void>,
  ): TestReplica {
    const replica: TestReplica = {
      module,
      dataSource,
      tokens: module.get(AccessTokenProvider),
      api: module.get(WechatApiClient),
      refresher: module.get(TokenRefresher),
      variables: module.get(SystemVarStore),
      store: module.get(TokenStore),
      queue: module.get(RenewalQueue),
      events: module.get(TokenEvents),
      journal: module.get(TokenJournal),
      poller: module.get(ChangePoller),
      rounds: module.get(Rounds),
      accountCheck: module.get(AccountCheck),
      renewer: module.get(Renewer),
      waiter: module.get(TokenWaiter),
      close,
    };
    this.replicas.push(replica);
    return replica;
  }

  async pair(options?: ReplicaOptions): Promise<[TestReplica, TestReplica]> {
    return [await this.replica(options), await this.replica(options)];
  }

  /** So many replicas, all with the same options. */
  async fleet(size: number, options?: ReplicaOptions): Promise<TestReplica[]> {
    const fleet: TestReplica[] = [];
    while (fleet.length < size) fleet.push(await this.replica(options));
    return fleet;
  }

  /**
   * Lets time pass for everybody: this process, the platform and the database. All that the engine knows of the database's
   * clock are differences to the instants in the rows, so to move those back is to move the clock forward.
   */
  async advance(seconds: number): Promise<void> {
    await passTime(await this.dataSource(), seconds * 1000);
    this.clock.advance(seconds * 1000);
    this.wechat.advance(seconds);
  }

  /** As {@link advance}, and timers of the engine that would have fired meanwhile do so now: a wait is over, or timed out. */
  async skip(seconds: number): Promise<void> {
    await this.advance(seconds);
    this.clock.wake();
  }

  /** A second passes every few milliseconds until that work ends, which mostly waits for time to pass. */
  async hasten(work: Promise<unknown>): Promise<void> {
    let isOver = false;
    const end = () => void (isOver = true);
    work.then(end, end);
    while (!isOver) {
      await this.skip(1);
      await setTimeout(20);
    }
    await work;
  }

  /** The rows, by a connection that belongs to no replica. */
  async store(): Promise<TokenStore> {
    const session = await this.runner();
    const sealing = new Sealing([]);
    const reader = new RowMapper(sealing, new DatabaseClock());
    return new TokenStore(session, sealing, reader, this.clock);
  }

  async queue(): Promise<RenewalQueue> {
    const session = await this.runner();
    const reader = new RowMapper(new Sealing([]), new DatabaseClock());
    return new RenewalQueue(
      session,
      reader,
      this.clock,
      new QueueFront(this.clock),
    );
  }

  async row(name = 'access_token'): Promise<TokenRow> {
    const row = await (await this.store()).read(name);
    if (!row) throw new Error(`no row ${name}`);
    return row;
  }

  /** For SQL of the test's own. */
  async words() {
    return words(await this.dataSource());
  }

  /** Any statement, on the same connection. */
  async sql<Row>(text: string, values: unknown[] = []): Promise<Row[]> {
    return query(await this.dataSource(), text, values);
  }

  /** Closes the replicas and the platform, and removes the folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.replicas.map((replica) => replica.close()));
    await this.ownRunner?.close();
    await (await this.ownDataSource)?.destroy();
    await this.wechat.stop();
    rmSync(this.folder, { recursive: true, force: true });
    await this.drop();
  }

  private async runner(): Promise<SqlRunner> {
    const dataSource = await this.dataSource();
    return (this.ownRunner ??= new SqlRunner(dataSource, this.clock));
  }

  private dataSource(): Promise<DataSource> {
    return (this.ownDataSource ??= this.open().then(async (dataSource) => {
      // Moving the clock is no write that a test wants on the disk.
      if (dataSource.options.type === 'better-sqlite3')
        await dataSource.query('PRAGMA synchronous = OFF');
      return dataSource;
    }));
  }

  private get database(): Database {
    const database = parseDatabaseUrl(this.databaseUrl);
    if (!database) throw new Error(`bad URL ${this.databaseUrl}`);
    return database;
  }
}
