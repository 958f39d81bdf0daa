import { ConsoleLogger, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { messages } from './config/config.messages.js';
import { openDatabase } from './config/database.js';
import type { AppSettings } from './config/settings.js';
import { StartError } from './config/start-error.js';
import { logLevelsFrom } from './config/log-levels.js';

/**
 * Starts the app and listens.
 * @returns The app, and the address it listens on.
 * @throws StartError when the database or the port cannot be had.
 */
export async function startApp(
  settings: AppSettings,
): Promise<{ app: INestApplication; url: string }> {
  const dataSource = await openDatabase(settings.database, settings.migrate);
  const app = await NestFactory.create(AppModule.with(settings, dataSource), {
    logger: new ConsoleLogger({
      json: true,
      logLevels: logLevelsFrom(settings.logLevel),
    }),
    abortOnError: false,
    forceCloseConnections: true,
  });
  app.enableShutdownHooks([], { useProcessExit: true });
  try {
    await app.listen(settings.port, settings.host);
  } catch (error) {
    await app.close();
    throw listenError(error, settings);
  }
  const url = (await app.getUrl()).replace('[::1]', 'localhost');
  return { app, url };
}

function listenError(error: unknown, { host, port }: AppSettings): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  if (code === 'EADDRINUSE')
    return new StartError(messages.portTaken(host, port));
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return new StartError(messages.hostUnknown(host));
  return error;
}
