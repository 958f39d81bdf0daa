import {
  ConfigurableModuleBuilder,
  type DynamicModule,
  Logger,
  Module,
  type NestModule,
  type OnModuleInit,
  type Provider,
} from '@nestjs/common';
import { ModulesContainer, RouterModule } from '@nestjs/core';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { AccessTokenProvider } from './access/access-token.provider.js';
import { CardSignatureService } from './access/card-signature.service.js';
import { JsapiSignatureService } from './access/jsapi-signature.service.js';
import { TokenProvider } from './access/token.provider.js';
import { WechatApiClient } from './access/wechat-api.client.js';
import { Accounts } from './accounts/accounts.js';
import { Clock } from './common/clock.js';
import { LogLine } from './common/log-line.js';
import { messages } from './common/messages.js';
import { Observers } from './common/observers.js';
import { AdapterRoutes, ROUTE_PREFIX } from './http/auth/adapter-routes.js';
import { AdminController } from './http/admin/admin.controller.js';
import { ApiKeyAuthenticator } from './http/auth/api-key-authenticator.js';
import { ConsoleController } from './http/console/console.controller.js';
import { ApiKeys } from './http/auth/api-keys.js';
import { decorated } from './http/auth/decorated.js';
import { TokensController } from './http/tokens.controller.js';
import { WechatShapedController } from './http/wechat-shaped/wechat-shaped.controller.js';
import { WecomShapedController } from './http/wechat-shaped/wecom-shaped.controller.js';
import { EngineHealth } from './schedule/engine-health.js';
import { WechatTokenHealthIndicator } from './schedule/health.indicator.js';
import { TokenRefresher } from './schedule/token-refresher.js';
import { wechatTokenEntities } from './store/entities.js';
import { Sealing } from './store/sealing.js';
import { SqlRunner } from './store/sql-runner.js';
import { SystemVarStore } from './store/system-var.store.js';
import {
  refuseBareImport,
  refuseTableName,
  requireOneImport,
} from './options/imports.checks.js';
import type { WechatTokenModuleOptions } from './options/options.js';
import { resolveOptions } from './options/options.schema.js';
import { ownKindsOf } from './options/source.schema.js';
import { bounded } from './upstream/bounded-source.js';
import { builtInSources } from './upstream/built-in/built-in-sources.js';
import { TokenSources } from './upstream/token-sources.js';
import { WechatTokenSettings } from './common/settings.js';
import { providers } from './wechat-token.providers.js';

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
  extras: WechatTokenModuleExtras,
): DynamicModule {
  refuseTableName(extras);
  const { isGlobal, dataSource, routePrefix, metadata = [] } = extras;
  const sqlRunner: Provider = {
    provide: SqlRunner,
    useFactory: (source: DataSource, clock: Clock, observers: Observers) =>
      new SqlRunner(source, clock, observers),
    inject: [getDataSourceToken(dataSource), Clock, Observers],
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
      // First: AdminController's `:name` would match its path.
      ConsoleController,
      AdminController,
      TokensController,
      WechatShapedController,
      WecomShapedController,
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
    useFactory: ({ accounts, settings, sources }: Resolved) =>
      new Accounts(accounts, settings.role, ownKindsOf(sources)),
    inject: [RESOLVED],
  },
  {
    provide: TokenSources,
    useFactory: ({ settings, sources }: Resolved, clock: Clock) =>
      new TokenSources([
        ...builtInSources(settings),
        ...sources.map((source) =>
          bounded(source, clock, settings.refresh.leaseMs),
        ),
      ]),
    inject: [RESOLVED, Clock],
  },
  {
    provide: Observers,
    useFactory: ({ observer }: WechatTokenSettings) => new Observers(observer),
    inject: [WechatTokenSettings],
  },
  {
    provide: Sealing,
    useFactory: ({ encryptionKeys, encryptionPlain }: WechatTokenSettings) => {
      if (encryptionPlain === 'allow')
        new Logger('WechatToken').warn(
          new LogLine('plain token values', { detail: messages.plainValues() }),
        );
      return new Sealing(encryptionKeys, encryptionPlain);
    },
    inject: [WechatTokenSettings],
  },
  {
    provide: ApiKeys,
    useFactory: (settings: WechatTokenSettings) =>
      new ApiKeys(settings.http.apiKeys),
    inject: [WechatTokenSettings],
  },
];

/**
 * Keeps WeChat access tokens valid. Needs `ScheduleModule.forRoot()` and a TypeORM DataSource (mysql, mariadb, postgres or
 * better-sqlite3) with {@link wechatTokenMigrations} in the app.
 */
@Module({
  providers: [...unconfigured, ...fromOptions, ...providers],
  exports: [
    AccessTokenProvider,
    TokenProvider,
    WechatApiClient,
    JsapiSignatureService,
    CardSignatureService,
    TokenRefresher,
    SystemVarStore,
    EngineHealth,
    WechatTokenHealthIndicator,
    // What an ApiKeyGuard asks.
    ApiKeyAuthenticator,
  ],
})
export class WechatTokenModule
  extends ConfigurableModuleClass
  implements NestModule, OnModuleInit
{
  readonly #routes: AdapterRoutes;

  constructor(routes: AdapterRoutes) {
    super();
    this.#routes = routes;
  }

  /** Called in an HTTP app only, before Nest registers routes. */
  configure(): void {
    this.#routes.replaceControllersOf(this);
  }

  onModuleInit(): Promise<void> {
    return this.#routes.register();
  }
}
