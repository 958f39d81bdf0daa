import type { LoggerService } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { Test } from '@nestjs/testing';
import { TypeOrmModule } from '@nestjs/typeorm';
import { openDatabase } from '../../src/config/database.js';
import { parseDatabaseUrl } from '../../src/config/database-url.js';
import {
  AccessTokenProvider,
  type WechatAccount,
  WechatApiClient,
  WechatTokenModule,
} from '../../src/wechat-token/index.js';
import { TokenCache } from '../../src/wechat-token/cache/token-cache.js';

export interface EngineOptions {
  readonly databaseUrl: string;
  readonly wechatUrl: string;
  readonly accounts: readonly WechatAccount[];
}

/** The module in an app, as users run it. */
export interface Engine {
  readonly tokens: AccessTokenProvider;
  readonly api: WechatApiClient;
  readonly memory: TokenCache;
  /** Starts the module; before that it is connected and has not looked for tokens. */
  readonly start: () => Promise<void>;
}

const nothing = () => undefined;
const print = (message: unknown, ...rest: unknown[]) =>
  void process.stderr.write(`${[message, ...rest].map(String).join(' ')}\n`);
/** Logs errors only: the benchmarks cause the warnings on purpose. */
const LOGGER: LoggerService = { log: nothing, warn: nothing, error: print };

/** Creates the module in an app, and the tables if they are missing. */
export async function openEngine({
  databaseUrl,
  wechatUrl,
  accounts,
}: EngineOptions): Promise<Engine> {
  const database = parseDatabaseUrl(databaseUrl);
  if (!database) throw new Error(`bad URL ${databaseUrl}`);
  const dataSource = await openDatabase(database, true);
  const module = await Test.createTestingModule({
    imports: [
      ScheduleModule.forRoot(),
      TypeOrmModule.forRootAsync({
        name: databaseUrl,
        useFactory: () => dataSource.options,
        dataSourceFactory: () => Promise.resolve(dataSource),
      }),
      WechatTokenModule.forRoot({
        accounts,
        api: { baseUrl: wechatUrl },
        // A process may contain several engines.
        dataSource: databaseUrl,
      }),
    ],
  })
    .setLogger(LOGGER)
    .compile();
  return {
    tokens: module.get(AccessTokenProvider),
    api: module.get(WechatApiClient),
    memory: module.get(TokenCache),
    start: async () => void (await module.init()),
  };
}
