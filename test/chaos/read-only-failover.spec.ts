import { openDatabase } from '../../src/config/database.js';
import { openStoreOn, parsed } from '../support/open-store.js';
import { ChaosRun } from './support/chaos-run.js';
import { chaosTestTimeout, modesOf } from './support/chaos-time.js';
import { FailoverPair } from './support/failover-pair.js';
import { nextIssue } from './support/next-issue.js';

vi.setConfig({ testTimeout: chaosTestTimeout() });

const LIFE_SECONDS = 40;
/** Longer than a failover on a busy machine, so that the answer finds the old server read-only. */
const ANSWER_DELAY_MS = 4000;
const SETTINGS = {
  WECHAT_REQUEST_TIMEOUT_MS: '6000',
  WECHAT_LEASE_SECONDS: '13',
};

describe('a failover that leaves the old server up and read-only, with all its connections', () => {
  it.concurrent.each(modesOf('classic'))(
    'between renewals and in the middle of one: nobody gets a bad token, and nothing is lost (%s)',
    async (mode) => {
      await using pair = await FailoverPair.start();
      await failsOverAfterOneRefusal(pair);
      await using run = await ChaosRun.create({
        name: 'read-only failover',
        mode,
        database: pair.database,
        replicas: ['server', 'business'],
        wechat: { lifeSeconds: LIFE_SECONDS },
        settings: SETTINGS,
      });
      await run.settles();
      run.wechat.inject(
        mode,
        { delayMs: ANSWER_DELAY_MS },
        { times: Infinity },
      );

      await pair.failOver();
      // All connections are to the server that cannot write any more.
      await nextIssue(run.wechat, LIFE_SECONDS);
      await pair.failOver();
      await vi.waitUntil(() => run.isRenewed(), {
        timeout: LIFE_SECONDS * 1000,
      });

      // The answer that could not be written was stored, not fetched again.
      expect(await run.row.place()).toBe(2);
      expect(run.wechat.issued()).toBe(2);
      await run.settles();
      const { upstreamCalls } = await run.finish();
      expect(run.tally.of(['bad token', 'refusal', 'failed call'])).toEqual([]);
      // R11: in stable mode each replica may ask for itself, and once more if it was a little too early.
      const asking = mode === 'stable' ? 2 * run.replicas.length : 1;
      expect(upstreamCalls).toBeLessThanOrEqual(1 + asking);
    },
  );
});

/** The engine's pool alone: all its connections work and cannot write; after one refusal all are to the other server. */
async function failsOverAfterOneRefusal(pair: FailoverPair): Promise<void> {
  const { url } = pair.database;
  const dataSource = await openDatabase(parsed(url), false);
  await using db = openStoreOn(dataSource, url);
  const sql = db.runner();
  const statement = {
    sql: `SELECT ${pair.kind === 'postgres' ? 'inet_server_port()' : '@@port'} AS port`,
    values: [],
  };
  const ports = async () => {
    const asked = Array.from({ length: 20 }, () =>
      sql.rows<{ port: unknown }>(statement),
    );
    return (await Promise.all(asked)).flat().map(({ port }) => Number(port));
  };
  const variable = { name: 'written', value: 'v', remark: null };
  const insert = () => sql.change(sql.statements.insertVariable(variable));
  const before = await ports();

  await pair.failOver();

  expect(await ports()).toEqual(before);
  await expect(insert()).rejects.toMatchObject({ code: 'STORE' });
  expect(await insert()).toBe(1);
  for (const port of await ports()) expect(before).not.toContain(port);
}
