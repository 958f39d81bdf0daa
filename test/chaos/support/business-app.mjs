// A larger app that has the module in it: its own HTTP interface calls WeChat through WechatApiClient.
import { ConsoleLogger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ScheduleModule } from '@nestjs/schedule';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AppLogger } from '../../../dist/config/app-logger.js';
import { dataSourceOptions } from '../../../dist/config/database.js';
import { loadSettings } from '../../../dist/config/settings.js';
import {
  migratedDataSource,
  WechatApiClient,
  WechatTokenModule,
} from '../../../dist/wechat-token/index.js';

const settings = loadSettings(process.env);

class BusinessApp {}
Module({
  imports: [
    ScheduleModule.forRoot(),
    TypeOrmModule.forRootAsync({
      useFactory: () => dataSourceOptions(settings.database),
      dataSourceFactory: migratedDataSource,
    }),
    WechatTokenModule.forRoot(settings.wechatToken),
  ],
})(BusinessApp);

const app = await NestFactory.create(BusinessApp, {
  logger: new AppLogger(settings.logLevel, settings.logFormat),
  forceCloseConnections: true,
});
app.enableShutdownHooks([], { useProcessExit: true });
const wechat = app.get(WechatApiClient);
app.getHttpAdapter().get('/call', (_request, response) => {
  wechat.get('/cgi-bin/user/get').then(
    () => response.json({ ok: true }),
    ({ name, code, message, errcode, retryAfter }) =>
      response.status(502).json({ name, code, message, errcode, retryAfter }),
  );
});
await app.listen(settings.port, settings.host);
new ConsoleLogger('BusinessApp', { json: true }).log(
  `The business app listens on ${await app.getUrl()}`,
);
