import { once } from 'node:events';
import { copyFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import Database from 'libsql';
import { openDatabase } from '../../src/config/database.js';
import { parseDatabaseUrl } from '../../src/config/database-url.js';
import { TcpProxy } from '../chaos/support/tcp-proxy.js';
import { AppSandbox, tokenAnswer } from '../support/app-sandbox.js';
import { createDatabase, databaseServers } from '../support/databases.js';
import type { AppProcess } from '../support/run-app.js';

/** Whatever is open or does not answer: a process that has not ended after 20 s is killed. */
const CLEANLY = { code: 0, signal: null };
/** Less than that: what is waited for ends after 6 s, and the machine may be busy. */
const LIMIT_SECONDS = 12;

/** How it ended, and after how many seconds. */
async function stopped(app: AppProcess) {
  const before = performance.now();
  const exit = await app.stop();
  return { exit, seconds: (performance.now() - before) / 1000 };
}

async function storedToken(sandbox: AppSandbox) {
  const database = parseDatabaseUrl(sandbox.settings()['DATABASE_URL'] ?? '');
  if (!database) throw new Error('no database');
  const dataSource = await openDatabase(database, false);
  const [row] = await dataSource.query<
    { value: string | null; lease_owner: string | null }[]
  >('SELECT value, lease_owner FROM system_var WHERE name = ?', [
    'access_token',
  ]);
  await dataSource.destroy();
  return row;
}

/** Until the platform is being asked: from then on its answer is on the way. */
function asked(sandbox: AppSandbox) {
  return vi.waitUntil(() => sandbox.wechat.calls.total > 0, { interval: 20 });
}

describe.concurrent('R12 stop', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    '%s ends the app, whatever connections are open',
    async (signal) => {
      await using sandbox = await AppSandbox.create();
      const app = await sandbox.run();
      const agent = new Agent({ keepAlive: true });
      const [response] = await once(
        get(`${app.url}/health/live`, { agent }),
        'response',
      );
      response.resume();
      await once(response, 'end');
      const silent = connect(Number(new URL(app.url).port), '127.0.0.1');
      silent.on('error', () => undefined);
      await once(silent, 'connect');

      expect(await app.stop(signal)).toEqual(CLEANLY);
      expect(app.stderr()).toBe('');
      agent.destroy();
    },
  );

  it('leaves all that was stored in the SQLite file: a copy of it is a backup', async () => {
    await using sandbox = await AppSandbox.create();
    const app = await sandbox.run();
    const { access_token: token } = await tokenAnswer(app.url);
    expect(await app.stop()).toEqual(CLEANLY);

    const file = join(sandbox.folder, 'app.sqlite');
    const copy = join(sandbox.folder, 'copy.sqlite');
    copyFileSync(file, copy);
    const [row] = new Database(copy)
      .prepare("SELECT value FROM system_var WHERE name = 'access_token'")
      .all();
    expect(row).toEqual({ value: token });
  });

  it.each([
    ['SIGTERM', 'stable'],
    ['SIGTERM', 'classic'],
    ['SIGINT', 'classic'],
  ] as const)(
    '%s during a renewal loses no token (%s)',
    async (signal, mode) => {
      await using sandbox = await AppSandbox.create();
      const { wechat } = sandbox;
      wechat.inject(mode, { delayMs: 1000 });
      const app = await sandbox.run({ WECHAT_TOKEN_MODE: mode });
      await asked(sandbox);
      expect(await app.stop(signal)).toEqual(CLEANLY);
      const [token] = wechat.issuedTokens;
      expect(await storedToken(sandbox)).toEqual({
        value: token,
        lease_owner: null,
      });

      const next = await sandbox.run({ WECHAT_TOKEN_MODE: mode });
      expect((await tokenAnswer(next.url)).access_token).toBe(token);
      expect(wechat.calls.total).toBe(1);
    },
  );

  it('a caller who waits for that renewal is still answered', async () => {
    await using sandbox = await AppSandbox.create();
    sandbox.wechat.inject('stable', { delayMs: 1000 });
    const app = await sandbox.run();
    const answer = tokenAnswer(app.url);
    await asked(sandbox);
    const [{ access_token: token }, exit] = await Promise.all([
      answer,
      app.stop(),
    ]);
    expect(token).toBe(sandbox.wechat.issuedTokens[0]);
    expect(exit).toEqual(CLEANLY);
  });

  it('waits for a WeChat that does not answer no longer than the request timeout, and leaves no lease', async () => {
    await using sandbox = await AppSandbox.create();
    sandbox.wechat.inject('stable', { hang: true });
    const app = await sandbox.run({ WECHAT_REQUEST_TIMEOUT_MS: '2000' });
    await asked(sandbox);
    const { exit, seconds } = await stopped(app);
    expect(exit).toEqual(CLEANLY);
    expect(seconds).toBeLessThan(LIMIT_SECONDS);
    expect(await storedToken(sandbox)).toEqual({
      value: null,
      lease_owner: null,
    });
  });

  it('does not wait for a database that is a black hole', async () => {
    const [server] = databaseServers();
    if (!server) throw new Error('no server');
    const fresh = await createDatabase(server);
    await using line = await TcpProxy.start(fresh.url);
    await using sandbox = await AppSandbox.create();
    const app = await sandbox.run({
      DATABASE_URL: line.through(fresh.url),
      WECHAT_REQUEST_TIMEOUT_MS: '1000',
    });
    await tokenAnswer(app.url);
    await line.blackHole();
    const { exit, seconds } = await stopped(app);
    expect(exit).toEqual(CLEANLY);
    expect(seconds).toBeLessThan(LIMIT_SECONDS);
    await line.passThrough();
    await fresh.drop();
  });
});
