import { TcpProxy } from '../chaos/support/tcp-proxy.js';
import { AppSandbox, tokenAnswer } from '../support/app-sandbox.js';
import { queryOnce } from '../support/connect.js';
import { createDatabase, databaseServers } from '../support/databases.js';

/** In classic mode, so that the app is not ready without the database. */
const CLASSIC = {
  name: 'shop',
  appId: 'wx_shop',
  appSecret: 'secret-of-shop-0123456789abcdef',
  mode: 'classic',
} as const;
/** Longer than any test: it ends by a second signal. */
const LONG_DELAY = { SHUTDOWN_DELAY_MS: '300000' };

/** Status and body of `/health/ready`. */
async function ready(url: string): Promise<[number, unknown]> {
  const response = await fetch(`${url}/health/ready`);
  return [response.status, await response.json()];
}

const isLive = async (url: string) =>
  (await fetch(`${url}/health/live`)).status === 200;

/** With an answer of this status, sooner or later. */
function untilReady(url: string, status: number, body: object) {
  return vi.waitFor(
    async () => expect(await ready(url)).toEqual([status, body]),
    { interval: 100, timeout: 120_000 },
  );
}

const NOT_REACHED = {
  status: 'starting',
  reasons: [{ reason: 'database-not-reached' }],
};
const OK = { status: 'ok', reasons: [] };

describe.concurrent.each(databaseServers())(
  'an app whose database on $kind $version does not answer at the start',
  (server) => {
    it('listens, says that it is not ready, serves stable tokens, and uses the database when it is there', async () => {
      const fresh = await createDatabase(server);
      await using line = await TcpProxy.start(fresh.url);
      await line.refuse();
      await using sandbox = await AppSandbox.create();
      sandbox.wechat.addAccount(CLASSIC);
      // Where TLS is preferred, only the server says whether it has it.
      const app = await sandbox.run({
        DATABASE_URL: `${line.through(fresh.url)}?sslmode=prefer`,
        WECHAT_ACCOUNTS: JSON.stringify([CLASSIC]),
      });

      expect(await isLive(app.url)).toBe(true);
      expect(await ready(app.url)).toEqual([503, NOT_REACHED]);
      const token = await vi.waitFor(async () => {
        const { access_token: value } = await tokenAnswer(app.url);
        expect(value).toBeDefined();
        return value;
      });
      expect(token).toBe(sandbox.wechat.issuedTokens[0]);
      expect(app.stderr()).toMatch(
        /"detail":"DATABASE_URL: cannot open \S+ \(ECONNREFUSED\)\. Start the server, or correct host and port\. .*tries again in 1 s/,
      );

      await line.passThrough();
      await untilReady(app.url, 200, OK);
      const sql = "SELECT value FROM system_var WHERE name = 'access_token'";
      const stored = () => queryOnce(fresh.url, sql);
      await vi.waitFor(async () =>
        expect(await stored()).toEqual([{ value: token }]),
      );

      await line.refuse();
      const reasons = [{ reason: 'database-failing' }];
      await untilReady(app.url, 200, { status: 'degraded', reasons });
      expect((await tokenAnswer(app.url)).access_token).toBe(token);
      await line.passThrough();
      await untilReady(app.url, 200, OK);
      expect(await app.stop()).toEqual({ code: 0, signal: null });
      await fresh.drop();
    });

    it('ends with the message of a start when the database refuses it later', async () => {
      const fresh = await createDatabase(server);
      await using line = await TcpProxy.start(fresh.url);
      await line.refuse();
      const url = new URL(line.through(fresh.url));
      url.username = 'nobody_here';
      url.password = 'no-password';
      await using sandbox = await AppSandbox.create();
      const app = await sandbox.run({ DATABASE_URL: url.href });

      await line.passThrough();
      expect(await app.exit).toEqual({ code: 1, signal: null });
      expect(app.stderr()).toMatch(
        /^DATABASE_URL: cannot open \w+:\/\/[^/@]+\/\w+ \((?:ER_ACCESS_DENIED_ERROR|28000|28P01)\)\. Correct .*user.*\.$/m,
      );
      await fresh.drop();
    });
  },
);

it('from SIGTERM on it is not ready and serves on, until the delay is over or a second signal comes', async () => {
  await using sandbox = await AppSandbox.create();
  const app = await sandbox.run(LONG_DELAY);
  await untilReady(app.url, 200, OK);

  const stop = () => process.kill(Number(app.pid), 'SIGTERM');
  stop();
  const reasons = [{ reason: 'stopping' }];
  await untilReady(app.url, 503, { status: 'stopping', reasons });
  expect(await isLive(app.url)).toBe(true);
  expect((await tokenAnswer(app.url)).access_token).toBe(
    sandbox.wechat.issuedTokens[0],
  );
  stop();
  expect(await app.exit).toEqual({ code: 0, signal: null });
});
