import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { DataSource } from 'typeorm';
import { AppModule } from './app.module.js';
import { AppLogger } from './config/app-logger.js';
import { messages } from './config/config.messages.js';
import { tlsWarning } from './config/database.js';
import {
  openAtStart,
  openWhenBack,
  type StartDatabase,
} from './config/database-start.js';
import { explain } from './config/explain.js';
import { boundServer, prepareAnswer } from './config/http-server.js';
import { listenError, probeAddress } from './config/listen-address.js';
import type { AppSettings } from './config/settings.js';
import { trustProxy } from './config/trust-proxy.js';
import { serveDocs } from './openapi/serve-docs.js';
import { createMonitoring } from './monitoring/monitoring.js';
import { isLoopback, LogLine } from './wechat-token/index.js';

/**
 * Starts the app and listens. A database that does not answer is connected later; `/health/ready` says so until then.
 * @returns The URL on which it listens.
 * @throws StartError when the database refuses the app, or the port is not available.
 */
export async function startApp(settings: AppSettings): Promise<string> {
  await probeAddress(settings);
  const database = await openAtStart(settings);
  const { dataSource } = database;
  try {
    return await listen(settings, database);
  } catch (error) {
    // An open connection would keep the failed process alive.
    if (dataSource.isInitialized) await dataSource.destroy();
    throw listenError(error, settings);
  }
}

async function listen(
  settings: AppSettings,
  database: StartDatabase,
): Promise<string> {
  const app = await createApp(settings, database.dataSource);
  try {
    await app.listen(settings.port, settings.host);
    if (!isLoopback(settings.host))
      new Logger('App').warn(
        new LogLine('listening in clear text', {
          detail: messages.plainHttp(settings.host),
        }),
      );
    if (database.away) void openMeanwhile(app, settings, database);
    return (await app.getUrl()).replace('[::1]', 'localhost');
  } catch (error) {
    await app.close();
    throw error;
  }
}

/** Resolves when the database is open, or the app closes. What a retry does not fix ends the app, as it does at the start. */
async function openMeanwhile(
  app: NestExpressApplication,
  settings: AppSettings,
  database: StartDatabase,
): Promise<void> {
  const ended = new AbortController();
  app.getHttpServer().once('close', () => ended.abort());
  try {
    await openWhenBack(database, settings, ended.signal);
  } catch (error) {
    explain(error);
    await app.close();
  }
}

/** The app with all of its routes, before it listens. */
export async function createApp(
  settings: AppSettings,
  dataSource: DataSource,
): Promise<NestExpressApplication> {
  const logger = new AppLogger(settings.logLevel, settings.logFormat);
  const warning =
    dataSource.isInitialized && tlsWarning(settings.database, dataSource);
  for (const { field, problem } of settings.warnings)
    logger.warn(
      new LogLine('setting at risk', { setting: field, detail: problem }),
      'Settings',
    );
  if (warning)
    logger.warn(
      new LogLine('database connection at risk', { detail: warning }),
      'Database',
    );
  const app = await NestFactory.create<NestExpressApplication>(
    AppModule.with(settings, dataSource, await createMonitoring(settings)),
    {
      logger,
      abortOnError: false,
      forceCloseConnections: true,
      // The module reads bodies itself, once it knows the caller.
      bodyParser: false,
    },
  );
  app.disable('x-powered-by');
  trustProxy(app, settings.trustProxy);
  boundServer(app.getHttpServer(), settings);
  app.use(prepareAnswer);
  app.enableShutdownHooks([], { useProcessExit: true });
  serveDocs(app);
  return app;
}
