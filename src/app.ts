import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { DataSource } from 'typeorm';
import { AppModule } from './app.module.js';
import { AppLogger } from './config/app-logger.js';
import { messages } from './config/config.messages.js';
import { openDatabase, tlsWarning } from './config/database.js';
import { boundServer, prepareAnswer } from './config/http-server.js';
import { listenError, probeAddress } from './config/listen-address.js';
import type { AppSettings } from './config/settings.js';
import { trustProxy } from './config/trust-proxy.js';
import { serveDocs } from './openapi/serve-docs.js';
import { createMonitoring } from './monitoring/monitoring.js';
import { isLoopback, LogLine } from './wechat-token/index.js';

/**
 * Starts the app and listens.
 * @returns The URL on which it listens.
 * @throws StartError when the database or the port is not available.
 */
export async function startApp(settings: AppSettings): Promise<string> {
  await probeAddress(settings);
  const dataSource = await openDatabase(settings.database, settings.migrate);
  try {
    return await listen(settings, dataSource);
  } catch (error) {
    // An open connection would keep the failed process alive.
    if (dataSource.isInitialized) await dataSource.destroy();
    throw listenError(error, settings);
  }
}

async function listen(
  settings: AppSettings,
  dataSource: DataSource,
): Promise<string> {
  const app = await createApp(settings, dataSource);
  try {
    await app.listen(settings.port, settings.host);
    if (!isLoopback(settings.host))
      new Logger('App').warn(
        new LogLine('listening in clear text', {
          detail: messages.plainHttp(settings.host),
        }),
      );
    return (await app.getUrl()).replace('[::1]', 'localhost');
  } catch (error) {
    await app.close();
    throw error;
  }
}

/** The app with all of its routes, before it listens. */
export async function createApp(
  settings: AppSettings,
  dataSource: DataSource,
): Promise<NestExpressApplication> {
  const logger = new AppLogger(settings.logLevel, settings.logFormat);
  const warning = tlsWarning(settings.database, dataSource);
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
