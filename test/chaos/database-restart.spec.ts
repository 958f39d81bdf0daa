import { chaosDatabase, ownChaosServer } from './support/chaos-database.js';
import { ChaosRun } from './support/chaos-run.js';
import {
  chaosSeconds,
  chaosTestTimeout,
  modesOf,
} from './support/chaos-time.js';
import { Outages } from './support/outages.js';

vi.setConfig({ testTimeout: chaosTestTimeout() });

const LIFE_SECONDS = 6;
/** Outlasts every token. */
const LONG_SECONDS = LIFE_SECONDS + 0.5;
/** Over before the token that is fetched after the long one is due. */
const BRIEF_SECONDS = 1;
/** The server is back; the pools connect again, and somebody renews, on a machine that may be busy. */
const GRACE_SECONDS = 5;

describe('SIGKILL and restart of the database server', () => {
  it.concurrent.each(modesOf('classic'))('%s', async (mode) => {
    await using server = await ownChaosServer();
    await using run = await ChaosRun.create({
      name: 'database restart',
      mode,
      database: await chaosDatabase(server),
      wechat: { lifeSeconds: LIFE_SECONDS },
    });
    const crash = {
      begin: () => {
        run.tally.kills += 1;
        return server.kill9();
      },
      end: () => server.restart(),
    };
    const outages = new Outages(run.tally);
    const until = run.tally.now + chaosSeconds(0.7);
    do {
      const outlasting = {
        seconds: LONG_SECONDS,
        // R11: in classic mode nobody may renew without the lease, and a token that has expired is missing.
        explains:
          mode === 'stable' ? [] : (['refusal', 'failed call'] as const),
        graceSeconds: GRACE_SECONDS,
      };
      await outages.during(outlasting, crash);
      await run.settles();
      await outages.during({ seconds: BRIEF_SECONDS }, crash);
      await run.settles();
    } while (run.tally.now < until);

    const report = await run.finish();
    expect(outages.unexplained()).toEqual([]);
    // R11: in stable mode each replica asks for itself while there is no lease to be had, when its token is due, and once more
    // where the platform gives the old token as yet.
    const asking = mode === 'stable' ? 2 * run.replicas.length : 1;
    expect(report.upstreamCalls).toBeLessThanOrEqual(
      report.renewalsDue * asking,
    );
  });
});
