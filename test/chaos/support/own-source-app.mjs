// An app with the module and the source of samples/own-source in it: it answers GET /token.
import { ConsoleLogger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ScheduleModule } from '@nestjs/schedule';
import { TypeOrmModule } from '@nestjs/typeorm';
import { parseDatabaseUrl } from '../../../dist/config/database-url.js';
import { dataSourceOptions } from '../../../dist/config/database.js';
import {
  AccessTokenProvider,
  migratedDataSource,
  WechatTokenModule,
} from '../../../dist/wechat-token/index.js';

const { DATABASE_URL, FEISHU_SOURCE, FEISHU_BASE_URL, ACCOUNT } = process.env;
const { FeishuSource } = await import(FEISHU_SOURCE);

class OwnSourceApp {}
Module({
  imports: [
    ScheduleModule.forRoot(),
    TypeOrmModule.forRootAsync({
      useFactory: () => dataSourceOptions(parseDatabaseUrl(DATABASE_URL)),
      dataSourceFactory: migratedDataSource,
    }),
    WechatTokenModule.forRoot({
      accounts: [JSON.parse(ACCOUNT)],
      sources: [new FeishuSource(FEISHU_BASE_URL)],
      api: { timeoutMs: 2000 },
      refresh: { leaseSeconds: 5, cron: '* * * * * *' },
    }),
  ],
})(OwnSourceApp);

const app = await NestFactory.create(OwnSourceApp, {
  logger: new ConsoleLogger({ json: true }),
  forceCloseConnections: true,
});
app.enableShutdownHooks([], { useProcessExit: true });
const tokens = app.get(AccessTokenProvider);
app.getHttpAdapter().get('/token', (_request, response) => {
  tokens.getAccessToken('lark').then(
    (token) => response.json({ token }),
    ({ message }) => response.status(503).json({ message }),
  );
});
await app.listen(Number(process.env.PORT), '127.0.0.1');
new ConsoleLogger('OwnSourceApp', { json: true }).log(
  `The app listens on ${await app.getUrl()}`,
);
