import {
  ConfigurableModuleBuilder,
  type DynamicModule,
  Module,
  type NestModule,
  type OnModuleInit,
  type Provider,
} from '@nestjs/common';
import { ModulesContainer, RouterModule } from '@nestjs/core';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { AccessTokenProvider } from './access/access-token.provider.js';
import { WechatApiClient } from './access/wechat-api.client.js';
import { Accounts } from './accounts/accounts.js';
import { Clock, MonotonicClock } from './common/clock.js';
import { AccessGuard } from './http/auth/access.guard.js';
import { AdapterRoutes, ROUTE_PREFIX } from './http/auth/adapter-routes.js';
import { RouteHandlerFactory } from './http/auth/route-handlers.js';
import { AdminController } from './http/admin/admin.controller.js';
import { AdminStreams } from './http/admin/admin-streams.js';
import { AdminQueries } from './http/admin/admin-queries.js';
import { ApiKeyAuthenticator } from './http/auth/api-key-authenticator.js';
import { ApiKeys } from './http/auth/api-keys.js';
import { decorated } from './http/auth/decorated.js';
import { AppGuards } from './http/auth/app-guards.js';
import { MountGuard } from './http/problem/mount.guard.js';
import { ProblemFilter } from './http/problem/problem.filter.js';
import { TokensController } from './http/tokens.controller.js';
import { WechatShapedController } from './http/wechat-shaped/wechat-shaped.controller.js';
import { RowConflicts } from './observe/row-conflicts.js';
import { ReportLimit } from './observe/report-limit.js';
import { TokenJournal } from './observe/token-journal.js';
import { Answers } from './renewal/answers.js';
import { Leases } from './renewal/leases.js';
import { BoundedRenewal } from './access/bounded-renewal.js';
import { AccountCheck } from './schedule/account-check.js';
import { DueLeases } from './schedule/due-leases.js';
import { TargetLookups } from './schedule/target-lookups.js';
import { RenewalSchedule } from './schedule/renewal-schedule.js';
import { Rounds } from './schedule/rounds.js';
import { AccountScan } from './schedule/account-scan.js';
import { QueueRepair } from './schedule/queue-repair.js';
import { Budgets } from './renewal/budgets.js';
import { DirectRenewal } from './access/direct-renewal.js';
import { LostRows } from './schedule/lost-rows.js';
import { DueRound } from './schedule/due-round.js';
import { LeasedRenewal } from './renewal/leased-renewal.js';
import { LocalCoolDowns } from './renewal/policy/local-cool-downs.js';
import { Probes } from './renewal/policy/probes.js';
import { RenewalTargets } from './renewal/policy/renewal-target.js';
import { TokenRefresher } from './schedule/token-refresher.js';
import { Renewer } from './renewal/renewer.js';
import { RowWatch } from './renewal/row-watch.js';
import { TokenWaiter } from './access/token-waiter.js';
import { ChangedTokens } from './schedule/changed-tokens.js';
import { ChangePoller } from './schedule/change-poller.js';
import { TokenStates } from './renewal/token-states.js';
import { PendingWrites } from './renewal/pending-writes.js';
import { Replica } from './common/replica.js';
import { wechatTokenEntities } from './store/entities.js';
import { Sealing } from './store/sealing.js';
import { SqlRunner } from './store/sql-runner.js';
import { SystemVarStore } from './store/system-var.store.js';
import { DatabaseClock } from './store/database-clock.js';
import { RowMapper } from './store/row-mapper.js';
import { TokenEvents } from './store/token-events.js';
import { TokenCache } from './cache/token-cache.js';
import { ChangeFeed } from './store/change-feed.js';
import { QueueFront } from './store/queue-front.js';
import { RenewalQueue } from './store/renewal-queue.js';
import { TokenStore } from './store/token-store.js';
import { ClassicTokenSource } from './upstream/classic-token.source.js';
import { HttpClient } from './upstream/http-client.js';
import { StableTokenSource } from './upstream/stable-token.source.js';
import { TokenSources } from './upstream/token-sources.js';
import { WechatGateway } from './upstream/wechat-gateway.js';
import { WechatTokenLifecycle } from './wechat-token.lifecycle.js';
import {
  refuseBareImport,
  requireOneImport,
} from './options/imports.checks.js';
import type { WechatTokenModuleOptions } from './options/options.js';
import { resolveOptions } from './options/options.schema.js';
import { WechatTokenSettings } from './common/settings.js';

/** What the module needs to know before it has its options. */
export interface WechatTokenModuleExtras {
  /** Whether other modules inject the providers without importing this one. Default: false. */
  isGlobal?: boolean | undefined;
  /** The name of the TypeORM DataSource that holds the tables. Default: the unnamed one. */
  dataSource?: string | undefined;
  /** What the paths of the module's routes begin with, such as `internal`. Default: nothing. */
  routePrefix?: string | undefined;
  /**
   * Decorators for the module's controllers, such as `[Public()]` or `[SetMetadata('public', true)]`: what the app's guards for
   * all routes look for. They decide about the routes for operators, and with `http.guards` about all. Default: none.
   */
  metadata?: readonly ClassDecorator[] | undefined;
}

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<WechatTokenModuleOptions>()
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createWechatTokenOptions')
    .setExtras<WechatTokenModuleExtras>(
      // Named here so that Nest keeps them out of the options.
      {
        isGlobal: false,
        dataSource: undefined,
        routePrefix: undefined,
        metadata: undefined,
      },
      withExtras,
    )
    .build();

function withExtras(
  definition: DynamicModule,
  { isGlobal, dataSource, routePrefix, metadata = [] }: WechatTokenModuleExtras,
): DynamicModule {
  const sqlRunner: Provider = {
    provide: SqlRunner,
    useFactory: (source: DataSource, clock: Clock) =>
      new SqlRunner(source, clock),
    inject: [getDataSourceToken(dataSource), Clock],
  };
  const routes = { provide: ROUTE_PREFIX, useValue: routePrefix ?? '' };
  const prefix = routePrefix
    ? [
        RouterModule.register([
          { path: routePrefix, module: definition.module },
        ]),
      ]
    : [];
  return {
    ...definition,
    global: isGlobal,
    imports: [
      ...(definition.imports ?? []),
      TypeOrmModule.forFeature([...wechatTokenEntities], dataSource),
      ...prefix,
    ],
    // MountGuard decides at run time which of them answer, AdapterRoutes which of them Nest registers.
    controllers: [
      AdminController,
      TokensController,
      WechatShapedController,
    ].map((controller) => decorated(controller, metadata)),
    providers: [...(definition.providers ?? []), sqlRunner, routes],
  };
}

/** What `forRoot()` and `forRootAsync()` provide in place of these. */
const unconfigured: Provider[] = [
  MODULE_OPTIONS_TOKEN,
  SqlRunner,
  ROUTE_PREFIX,
].map((provide) => ({ provide, useFactory: refuseBareImport }));

const RESOLVED = Symbol('resolved options');
type Resolved = ReturnType<typeof resolveOptions>;

const fromOptions: Provider[] = [
  {
    provide: RESOLVED,
    useFactory: (
      options: WechatTokenModuleOptions,
      modules: ModulesContainer,
    ) => {
      requireOneImport(modules, WechatTokenModule);
      return resolveOptions(options);
    },
    inject: [MODULE_OPTIONS_TOKEN, ModulesContainer],
  },
  {
    provide: WechatTokenSettings,
    useFactory: ({ settings }: Resolved) => settings,
    inject: [RESOLVED],
  },
  {
    provide: Accounts,
    useFactory: ({ accounts, settings }: Resolved) =>
      new Accounts(accounts, settings.role),
    inject: [RESOLVED],
  },
  {
    provide: Sealing,
    useFactory: (settings: WechatTokenSettings) =>
      new Sealing(settings.encryptionKeys),
    inject: [WechatTokenSettings],
  },
  {
    provide: ApiKeys,
    useFactory: (settings: WechatTokenSettings) =>
      new ApiKeys(settings.http.apiKeys),
    inject: [WechatTokenSettings],
  },
];

const upstream: Provider[] = [
  HttpClient,
  WechatGateway,
  StableTokenSource,
  ClassicTokenSource,
  {
    provide: TokenSources,
    useFactory: (...sources: [StableTokenSource, ClassicTokenSource]) =>
      new TokenSources(sources),
    inject: [StableTokenSource, ClassicTokenSource],
  },
];

const store: Provider[] = [
  DatabaseClock,
  RowMapper,
  TokenStore,
  RenewalQueue,
  ChangeFeed,
  QueueFront,
  TokenEvents,
  SystemVarStore,
];

const renewal: Provider[] = [
  Budgets,
  Probes,
  LocalCoolDowns,
  RenewalTargets,
  Leases,
  PendingWrites,
  TokenStates,
  Answers,
  LeasedRenewal,
  RowWatch,
  Renewer,
];

const access: Provider[] = [
  DirectRenewal,
  BoundedRenewal,
  TokenWaiter,
  AccessTokenProvider,
  WechatApiClient,
];

const schedule: Provider[] = [
  TargetLookups,
  DueLeases,
  DueRound,
  ChangedTokens,
  LostRows,
  ChangePoller,
  Rounds,
  QueueRepair,
  AccountScan,
  AccountCheck,
  RenewalSchedule,
  TokenRefresher,
];

const http: Provider[] = [
  ApiKeyAuthenticator,
  AppGuards,
  MountGuard,
  AccessGuard,
  ProblemFilter,
  RouteHandlerFactory,
  AdapterRoutes,
  AdminQueries,
  AdminStreams,
];

/**
 * Keeps WeChat access tokens valid. Needs `ScheduleModule.forRoot()` and a TypeORM DataSource (mysql, mariadb or
 * better-sqlite3) with {@link wechatTokenMigrations} in the app.
 */
@Module({
  providers: [
    { provide: Clock, useClass: MonotonicClock },
    Replica,
    ...unconfigured,
    ...fromOptions,
    ...store,
    ...upstream,
    TokenCache,
    ReportLimit,
    RowConflicts,
    TokenJournal,
    ...renewal,
    ...access,
    ...schedule,
    ...http,
    WechatTokenLifecycle,
  ],
  exports: [
    AccessTokenProvider,
    WechatApiClient,
    TokenRefresher,
    SystemVarStore,
  ],
})
export class WechatTokenModule
  extends ConfigurableModuleClass
  implements NestModule, OnModuleInit
{
  constructor(private readonly routes: AdapterRoutes) {
    super();
  }

  /** Called in an HTTP app only, before Nest registers routes. */
  configure(): void {
    this.routes.replaceControllersOf(this);
  }

  onModuleInit(): Promise<void> {
    return this.routes.register();
  }
}
