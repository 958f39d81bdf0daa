import type { INestApplicationContext, LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ScheduleModule } from '@nestjs/schedule';
import { TypeOrmModule } from '@nestjs/typeorm';
import { dataSourceOptions } from '../../src/config/database.js';
import { parseDatabaseUrl } from '../../src/config/database-url.js';
import {
  WechatTokenModule,
  type WechatTokenModuleOptions,
} from '../../src/wechat-token/index.js';

class App {}

export interface AppOptions {
  /** A database with the tables. */
  readonly databaseUrl: string;
  readonly options: WechatTokenModuleOptions;
  /** Receives the log lines that are neither warnings nor errors. */
  readonly onLog?: (line: unknown) => void;
}

/** Starts an app with only the module, its timers and its cron; errors go to the terminal. */
export function startApp({
  databaseUrl,
  options,
  onLog = () => undefined,
}: AppOptions): Promise<INestApplicationContext> {
  const database = parseDatabaseUrl(databaseUrl);
  if (!database) throw new Error(`bad URL ${databaseUrl}`);
  const logger: LoggerService = { log: onLog, warn: print, error: print };
  const imports = [
    ScheduleModule.forRoot(),
    TypeOrmModule.forRoot(dataSourceOptions(database)),
    WechatTokenModule.forRoot(options),
  ];
  return NestFactory.createApplicationContext(
    { module: App, imports },
    { logger },
  );
}

export function print(...words: unknown[]): void {
  process.stderr.write(`${words.map((word) => text(word)).join(' ')}\n`);
}

function text(word: unknown): string {
  return typeof word === 'string' ? word : JSON.stringify(word);
}
