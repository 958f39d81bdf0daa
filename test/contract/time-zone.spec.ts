import { FakeWechat } from '../../src/testing/index.js';
import { appEnv, fetchToken } from '../support/app-env.js';
import { isPostgresUrl, queryOnce } from '../support/connect.js';
import type { DatabaseServer } from '../support/database-server.js';
import { startOwnServer } from '../support/find-database-servers.js';
import { type AppProcess, runApp } from '../support/run-app.js';

const LIFE_SECONDS = 7200;
/** A zone is off by whole quarters of an hour; this is for what the test itself takes. */
const TOLERANCE_SECONDS = 2;

describe('R3 a server with time_zone +08:00, and processes in other zones', () => {
  let server: DatabaseServer;
  beforeAll(async () => {
    server = await startOwnServer({ timeZone: '+08:00' });
  });
  afterAll(() => server.stop());

  const secondsInSql = async (url: string, expression: string) => {
    const columns = isPostgresUrl(url)
      ? `EXTRACT(EPOCH FROM ${expression} - now() AT TIME ZONE 'UTC') AS s,
          EXTRACT(EPOCH FROM now()::timestamp - now() AT TIME ZONE 'UTC') AS zone`
      : `TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(6), ${expression}) / 1000000 AS s,
          TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(), NOW()) AS zone`;
    const [row] = await queryOnce(
      url,
      `SELECT ${columns} FROM system_var WHERE name = 'access_token'`,
    );
    expect(Number(row?.['zone'])).toBe(8 * 3600);
    return Number(row?.['s']);
  };

  it.each([
    ['Asia/Shanghai', 'America/New_York'],
    ['America/New_York', 'Asia/Shanghai'],
    ['Asia/Shanghai', 'UTC'],
  ])(
    'what %s wrote, %s reads: the same instants, and no upstream call',
    async (writerZone, readerZone) => {
      const url = await server.createDatabase();
      await using wechat = await FakeWechat.start({
        lifeSeconds: LIFE_SECONDS,
      });
      const start = (zone: string): Promise<AppProcess> =>
        runApp({ ...appEnv(wechat, url), TZ: zone });
      await using writer = await start(writerZone);
      const written = await fetchToken(writer.url);

      const expiresIn = await secondsInSql(url, 'expires_at');
      const age = await secondsInSql(url, 'issued_at');
      await using reader = await start(readerZone);
      const [again, read] = await Promise.all([
        fetchToken(writer.url),
        fetchToken(reader.url),
      ]);

      expect(Math.abs(expiresIn - LIFE_SECONDS)).toBeLessThan(
        TOLERANCE_SECONDS,
      );
      expect(Math.abs(age)).toBeLessThan(TOLERANCE_SECONDS);
      expect(Math.abs(written.expires_in - LIFE_SECONDS)).toBeLessThan(
        TOLERANCE_SECONDS,
      );
      expect(read.access_token).toBe(written.access_token);
      expect(Math.abs(read.expires_in - again.expires_in)).toBeLessThan(
        TOLERANCE_SECONDS,
      );
      expect(wechat.calls.total).toBe(1);
    },
  );
});
