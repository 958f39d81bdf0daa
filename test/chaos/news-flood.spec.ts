import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { FakeWechat } from '../../src/testing/index.js';
import { appEnv, fetchToken } from '../support/app-env.js';
import { PROJECT } from '../support/build.js';
import { byDepth } from '../support/depth.js';
import { everyDatabase } from '../support/every-database.js';
import { openDatabase } from '../../src/config/database.js';
import { parsed } from '../support/open-store.js';
import { type AppProcess, runApp } from '../support/run-app.js';
import { query, type Words, words } from '../support/sql.js';
import { peakMegabytes, residentMegabytes } from './support/memory.js';

const ROWS = byDepth({ short: 40_000, full: 300_000 });
const CHUNK = 10_000;
/** What is asked of the app: each read is answered in this time, and its memory grows by no more. */
const MAX_WAIT_MS = 1000;
const MAX_GROWTH_MB = 300;
/** What was written within 15 s is read again every five seconds: once more, or until it is no news any more. */
const AFTERWARDS_MS = byDepth({ short: 6000, full: 16_000 });
/** Good for long, and expired long ago: the second kind is due at once, for unknown accounts. */
const INSTANTS = ['2099-01-01 00:00:00', '2020-01-01 00:00:00'] as const;

const columns =
  'name, value, version, source, issued_at, refresh_at, next_at, expires_at, updated_at, failure_count';

/** Rows of `access_token:imported-…`, as an import or a restore writes them: all their instants are that one. */
const onServer = (instant: string, { now }: Words) => {
  const at = `TIMESTAMP '${instant}'`;
  return `INSERT INTO system_var (${columns})
    WITH RECURSIVE up AS (SELECT 0 AS n UNION ALL SELECT n + 1 FROM up WHERE n < 99)
    SELECT CONCAT('access_token:imported-', 100000 + ? + 100 * a.n + b.n), REPEAT('x', 136), 1, 'stable',
      ${now}, ${at}, ${at}, ${at}, ${now}, 0
    FROM up a CROSS JOIN up b`;
};

const IN_FILE = `
  const Database = require('libsql');
  const database = new Database(process.argv[1], { timeout: 60_000 });
  const inserts = ${JSON.stringify(INSTANTS)}.map((instant) => database.prepare(\`INSERT INTO system_var (${columns})
    WITH RECURSIVE up AS (SELECT 0 AS n UNION ALL SELECT n + 1 FROM up WHERE n < ${CHUNK - 1})
    SELECT printf('access_token:imported-%06d', ? + n), printf('%.136c', 'x'), 1, 'stable',
      strftime('%Y-%m-%d %H:%M:%f', 'now'), '\${instant}', '\${instant}', '\${instant}', strftime('%Y-%m-%d %H:%M:%f', 'now'), 0
    FROM up\`));
  for (let from = 0; from < ${ROWS}; from += ${CHUNK}) inserts[(from / ${CHUNK}) % 2].run(from);`;

/** By the server, or by a process of its own: the readers of this process are not kept from measuring. */
async function flood(url: string): Promise<void> {
  if (url.startsWith('sqlite:')) {
    const args = ['-e', IN_FILE, url.replace('sqlite:', '')];
    const writer = spawn(process.execPath, args, {
      cwd: PROJECT,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const [code] = await once(writer, 'exit');
    expect(code).toBe(0);
    return;
  }
  const dataSource = await openDatabase(parsed(url), true);
  const inserts = INSTANTS.map((at) => onServer(at, words(dataSource)));
  for (let from = 0; from < ROWS; from += CHUNK)
    await query(dataSource, inserts[(from / CHUNK) % 2] ?? '', [from]);
  await dataSource.destroy();
}

/** Reads without a pause until it is told to end. */
function reading(app: AppProcess) {
  const tokens = new Set<string>();
  let isOver = false;
  let longestMs = 0;
  const loop = async () => {
    while (!isOver) {
      const startedAt = performance.now();
      tokens.add((await fetchToken(app.url)).access_token);
      longestMs = Math.max(longestMs, performance.now() - startedAt);
      await sleep(10);
    }
  };
  const ended = loop();
  // Looked at in the end.
  ended.catch(() => undefined);
  return async () => {
    isOver = true;
    await ended;
    return { tokens: [...tokens], longestMs };
  };
}

describe.each(everyDatabase())(
  `R13 ${ROWS.toLocaleString('en')} rows that others write within seconds, on $title`,
  (database) => {
    it('keep a replica of one account from no answer, and cost little memory', async () => {
      const fresh = await database.create();
      const wechat = await FakeWechat.start();
      await using app = await runApp(appEnv(wechat, fresh.url));
      const { access_token: token } = await fetchToken(app.url);
      for (let i = 0; i < 100; i++) await fetchToken(app.url);
      const before = residentMegabytes(app);
      const stop = reading(app);

      await flood(fresh.url);
      await sleep(AFTERWARDS_MS);

      const { tokens, longestMs } = await stop();
      expect(tokens).toEqual([token]);
      expect(longestMs).toBeLessThan(MAX_WAIT_MS);
      const growth = peakMegabytes(app) - before;
      expect(growth).toBeLessThan(MAX_GROWTH_MB);
      process.stdout.write(
        `[flood] ${database.title}: longest wait ${longestMs.toFixed()} ms, ${growth.toFixed()} MB more\n`,
      );
      expect(app.logs()).not.toContain('change poll failed');
      expect(wechat.calls.total).toBe(1);
      await app.stop();
      await wechat.stop();
      await fresh.drop();
    });
  },
);
