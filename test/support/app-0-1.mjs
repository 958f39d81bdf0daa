// An app with the packed version 0.1 in the working directory's node_modules, as the app of that version was: the module with its
// routes, and /health/live. Settings: DATABASE_URL, WECHAT_APP_ID, WECHAT_APP_SECRET, WECHAT_API_BASE_URL, API_KEYS, PORT.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ScheduleModule } from '@nestjs/schedule';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';

const packed = 'node_modules/nestjs-wechat-token/dist/wechat-token/index.js';
const {
  runMigrationsExclusively,
  WechatTokenModule,
  wechatTokenEntities,
  wechatTokenMigrations,
} = await import(pathToFileURL(join(process.cwd(), packed)).href);
const { env } = process;

const dataSource = await new DataSource({
  type: 'mariadb',
  url: env.DATABASE_URL,
  timezone: 'Z',
  entities: [...wechatTokenEntities],
  migrations: [...wechatTokenMigrations],
}).initialize();
await runMigrationsExclusively(dataSource);

class App {}
Module({
  imports: [
    ScheduleModule.forRoot(),
    TypeOrmModule.forRootAsync({
      useFactory: () => dataSource.options,
      dataSourceFactory: () => Promise.resolve(dataSource),
    }),
    WechatTokenModule.forRoot({
      accounts: [
        { appId: env.WECHAT_APP_ID, appSecret: env.WECHAT_APP_SECRET },
      ],
      api: { baseUrl: env.WECHAT_API_BASE_URL },
      http: { apiKeys: JSON.parse(env.API_KEYS) },
    }),
  ],
})(App);

const app = await NestFactory.create(App, { forceCloseConnections: true });
app
  .getHttpAdapter()
  .get('/health/live', (_request, response) => response.send({ status: 'ok' }));
// It closed idle connections after Node's 5 s, at times just when a proxy sent the next request on one.
app.getHttpServer().keepAliveTimeout = 0;
app.enableShutdownHooks([], { useProcessExit: true });
await app.listen(Number(env.PORT), '127.0.0.1');
process.stdout.write(`The app listens on ${await app.getUrl()}\n`);
