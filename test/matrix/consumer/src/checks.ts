import 'reflect-metadata';
import { deepEqual, equal, notEqual, ok } from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { getDataSourceToken } from '@nestjs/typeorm';
import { SystemVarStore } from 'nestjs-wechat-token';
import { DEFAULT_FAKE_ACCOUNT, FakeWechat } from 'nestjs-wechat-token/testing';
import { DataSource } from 'typeorm';
import { createAdapter } from './adapter.js';
import { AppModule, DATA_SOURCE } from './app.module.js';
import { database } from './database.js';
import { EventStream } from './event-stream.js';
import { MenuService } from './menu.service.js';
import { statementLog } from './statement-log.js';

const NAME = 'access_token';
const KEY = 'a-key-of-the-matrix-0123456789-0123456789';
const HEADERS = { authorization: `Bearer ${KEY}` };

/** Of the answers of several routes, what is looked at. */
interface Body {
  readonly items: readonly { readonly name: string }[];
  readonly appId: string;
  readonly value: string;
  readonly access_token: string;
}

/** What has passed goes to the standard output, where the matrix reads it; the first failure ends the process. */
async function check(name: string, run: () => Promise<void>): Promise<void> {
  await run();
  process.stdout.write(`passed: ${name}\n`);
}

/** A table that the app made long before it imports the module, and that `synchronize` must not touch. */
async function makeOldTable(): Promise<void> {
  const dataSource = await new DataSource(database).initialize();
  await dataSource.query(`CREATE TABLE system_var (
    name varchar(64) NOT NULL PRIMARY KEY, value varchar(2048) NOT NULL, remark varchar(100) NOT NULL DEFAULT '')`);
  await dataSource.query(
    "INSERT INTO system_var (name, value) VALUES ('site_name', '小店 ☕')",
  );
  await dataSource.destroy();
}

async function start(): Promise<INestApplication> {
  const app = await NestFactory.create(AppModule, createAdapter(), {
    logger: ['fatal', 'error', 'warn'],
  });
  await app.listen(0, '127.0.0.1');
  return app;
}

async function main(): Promise<void> {
  // As short as it may be for a renewal in its last third.
  const wechat = await FakeWechat.start({ lifeSeconds: 12 });
  process.env['WECHAT_API_BASE_URL'] = wechat.baseUrl;
  process.env['WECHAT_APP_ID'] = DEFAULT_FAKE_ACCOUNT.appId;
  process.env['WECHAT_APP_SECRET'] = DEFAULT_FAKE_ACCOUNT.appSecret;
  process.env['API_KEY'] = KEY;
  await makeOldTable();
  let app: INestApplication | undefined;
  try {
    app = await start();
    process.stdout.write('passed: start\n');
    await checksOf(app, wechat);
    app = await restart(app);
  } finally {
    await app?.close();
    await wechat.stop();
  }
}

async function checksOf(
  app: INestApplication,
  wechat: FakeWechat,
): Promise<void> {
  const url = await app.getUrl();
  const admin = `${url}/admin/wechat-tokens`;
  const menus = app.get(MenuService);
  const ask = async (path: string, init: RequestInit = {}) => {
    const answer = await fetch(`${url}${path}`, { headers: HEADERS, ...init });
    return { status: answer.status, body: (await answer.json()) as Body };
  };

  await check('token', async () => {
    ok(wechat.accepts(await menus.token()));
    equal(wechat.issued(), 1);
  });

  const stream = await EventStream.open(`${admin}/stream`, HEADERS);
  const first = await stream.next();
  await check('cron', async () => {
    const token = wechat.currentToken(DEFAULT_FAKE_ACCOUNT.appId);
    while (wechat.currentToken(DEFAULT_FAKE_ACCOUNT.appId) === token)
      await sleep(50);
  });
  await check('event stream', async () => {
    let event = first;
    while (event.fingerprint === first.fingerprint) event = await stream.next();
    await stream.close();
  });

  await check('rejection', async () => {
    let dead = await menus.token();
    // Dropped in the middle of a renewal, the token that is stored next would be dead as well.
    while (dead !== wechat.currentToken(DEFAULT_FAKE_ACCOUNT.appId)) {
      await sleep(50);
      dead = await menus.token();
    }
    wechat.drop();
    equal((await menus.menu()).errcode, 0);
    equal(wechat.accepts(dead), false);
    notEqual(await menus.token(), dead);
  });

  await check('admin REST', async () => {
    equal((await fetch(admin)).status, 401);
    const { body } = await ask('/admin/wechat-tokens');
    deepEqual(
      body.items.map(({ name }) => name),
      [NAME],
    );
    equal((await ask('/admin/wechat-tokens?limit=none')).status, 400);
    const asked = await ask(`/admin/wechat-tokens/${NAME}/refresh`, {
      method: 'POST',
      headers: { ...HEADERS, 'content-type': 'application/json' },
      body: JSON.stringify({ reason: 'the matrix' }),
    });
    equal(asked.status, 200);
    const refused = await ask(`/admin/wechat-tokens/${NAME}/refresh`, {
      method: 'POST',
      headers: { ...HEADERS, 'content-type': 'application/json' },
      body: JSON.stringify({ force: 'perhaps' }),
    });
    equal(refused.status, 400);
  });

  await check('routes for other programs', async () => {
    const { body } = await ask(`/wechat-tokens/${NAME}`);
    ok(wechat.accepts(body.value));
    const query = `grant_type=client_credential&appid=${DEFAULT_FAKE_ACCOUNT.appId}&secret=${KEY}`;
    const shaped = await ask(`/cgi-bin/token?${query}`, { headers: {} });
    ok(wechat.accepts(shaped.body.access_token));
  });

  await check('forRootAsync with @nestjs/config', async () => {
    const { body } = await ask(`/admin/wechat-tokens/${NAME}`);
    equal(body.appId, process.env['WECHAT_APP_ID']);
  });

  await check('named DataSource', async () => {
    const dataSource: DataSource = app.get(getDataSourceToken(DATA_SOURCE));
    const rows = await dataSource.query(
      'SELECT name FROM system_var ORDER BY name',
    );
    deepEqual(
      rows.map((row: { name: string }) => row.name),
      [NAME, 'site_name'],
    );
  });
}

/** A second start of an app with `synchronize: true`, on the tables of the first. */
async function restart(app: INestApplication): Promise<INestApplication> {
  await app.close();
  ok(statementLog.takeChangesOfSchema().length > 0);
  const again = await start();
  await check('synchronize', async () => {
    deepEqual(statementLog.takeChangesOfSchema(), []);
    const kept = await again.get(SystemVarStore).get('site_name');
    equal(kept, '小店 ☕');
  });
  return again;
}

void main();
