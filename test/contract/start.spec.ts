import { join } from 'node:path';
import { openDatabase } from '../../src/config/database.js';
import {
  DEFAULT_FAKE_ACCOUNT,
  DEFAULT_FAKE_WECOM_ACCOUNT,
  FakeWechat,
} from '../../src/testing/index.js';
import { wechatTokenMigrations } from '../../src/wechat-token/index.js';
import { appEnv, fetchToken } from '../support/app-env.js';
import type { FreshDatabase } from '../support/databases.js';
import { everyDatabase } from '../support/every-database.js';
import { PLATFORM } from '../support/kinds-of-token.js';
import { parsed } from '../support/open-store.js';
import { byDepth } from '../support/depth.js';
import { type AppProcess, runApp } from '../support/run-app.js';

const REPLICAS = 20;
/** With one replica each, or a few, which share what they have loaded. */
const PROCESSES = byDepth({ short: 4, full: REPLICAS });
const SCRIPT = join(import.meta.dirname, 'support/several-apps.mjs');
/** The account with a ticket, and an application of WeCom with one. */
const ACCOUNTS = JSON.stringify([
  { ...DEFAULT_FAKE_ACCOUNT, tickets: ['jsapi'] },
  {
    name: 'crm',
    kind: 'wecom',
    ...DEFAULT_FAKE_WECOM_ACCOUNT,
    tickets: ['corp'],
  },
]);
/** Two access tokens and two tickets. */
const CALLS = { total: 4, stable: 1, ticket: 1, wecomToken: 1, wecomTicket: 1 };
/** Twenty processes load Nest and TypeORM on whatever cores there are. */
const START_MS = 240_000;

describe.each(everyDatabase())(
  'R12 twenty replicas start at once on an empty database, $title',
  (database) => {
    let fresh: FreshDatabase;
    let wechat: FakeWechat;
    let apps: AppProcess[] = [];
    let urls: string[] = [];
    const env = () => {
      const settings = appEnv(wechat, fresh.url);
      delete settings['WECHAT_APP_ID'];
      delete settings['WECHAT_APP_SECRET'];
      return {
        ...settings,
        WECHAT_ACCOUNTS: ACCOUNTS,
        WECOM_API_BASE_URL: wechat.baseUrl,
        // On a busy machine an answer takes long; nobody gives it up.
        WECHAT_REQUEST_TIMEOUT_MS: '20000',
        WECHAT_LEASE_SECONDS: '60',
      };
    };
    const start = (replicas: number) =>
      runApp(env(), {
        command: [process.execPath, SCRIPT, String(replicas)],
        startTimeoutMs: START_MS,
      });

    beforeAll(async () => {
      fresh = await database.create();
      wechat = await FakeWechat.start(PLATFORM);
      apps = await Promise.all(
        Array.from({ length: PROCESSES }, () => start(REPLICAS / PROCESSES)),
      );
      urls = apps.flatMap((app) =>
        [...app.logs().matchAll(/^listens on (\S+)$/gm)].map(
          ([, url = '']) => url,
        ),
      );
    }, START_MS);
    afterAll(async () => {
      await Promise.all(apps.map((app) => app.stop('SIGKILL')));
      await wechat.stop();
      await fresh.drop();
    });

    it('all of them start, each at an address of its own, without errors', () => {
      expect(new Set(urls).size).toBe(REPLICAS);
      const lines = apps.flatMap((app) =>
        `${app.logs()}\n${app.stderr()}`.split('\n'),
      );
      const complaints = lines.filter(
        (line) =>
          line &&
          !/^listens on |"level":"log"/.test(line) &&
          // The cron library says on stderr when a busy machine made a tick late.
          !line.startsWith('[Cron]') &&
          // Nest says so of several apps in one process.
          !line.includes('"DataSourceNameRegistry"'),
      );
      expect(complaints).toEqual([]);
    });

    it('the migrations were run once', async () => {
      const dataSource = await openDatabase(parsed(fresh.url), false);
      const run = await dataSource.query('SELECT name FROM migrations');
      await dataSource.destroy();
      expect(run).toEqual(
        wechatTokenMigrations.map((Migration) => ({
          name: new Migration().name,
        })),
      );
    });

    it('all of them serve the same token, which cost one upstream call, as all other tokens did', async () => {
      const got = await Promise.all(urls.map((url) => fetchToken(url)));
      const token = wechat.currentToken(DEFAULT_FAKE_ACCOUNT.appId);
      expect(new Set(got.map((answer) => answer.access_token))).toEqual(
        new Set([token]),
      );
      await vi.waitUntil(() => wechat.calls.total >= CALLS.total);
      expect(wechat.calls).toMatchObject(CALLS);
    });

    it('a restart with a valid token makes no upstream call', async () => {
      expect(await apps[0]?.stop()).toEqual({ code: 0, signal: null });
      const restarted = await runApp(env());
      apps.push(restarted);
      const { access_token } = await fetchToken(restarted.url);
      expect(access_token).toBe(
        wechat.currentToken(DEFAULT_FAKE_ACCOUNT.appId),
      );
      expect(wechat.calls).toMatchObject(CALLS);
    });
  },
);
