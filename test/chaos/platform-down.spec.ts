import { callsWhileDown, longestWait } from './support/back-off.js';
import { chaosDatabase } from './support/chaos-database.js';
import { ChaosRun, LIFE_SECONDS } from './support/chaos-run.js';
import {
  chaosSeconds,
  chaosTestTimeout,
  modesOf,
} from './support/chaos-time.js';
import { Outages } from './support/outages.js';

vi.setConfig({ testTimeout: chaosTestTimeout() });

describe('a platform that is down from the start, and comes back', () => {
  it.concurrent.each(modesOf('stable'))('%s', async (mode) => {
    const downSeconds = chaosSeconds() / 2;
    // It may be down for longer than that, on a machine that is busy.
    const backWithin = longestWait(2 * downSeconds) + 1;
    await using run = await ChaosRun.create({
      name: 'platform down from the start',
      mode,
      database: await chaosDatabase(),
      withOthers: true,
      beforeStart: (wechat) => wechat.goDown(),
    });
    const outages = new Outages(run.tally);
    const failures = async () =>
      (await run.row.events()).filter(
        ({ name, type }) => name === 'access_token' && type === 'failed',
      ).length;
    await outages.during(
      {
        seconds: downSeconds,
        explains: ['refusal', 'failed call'],
        graceSeconds: backWithin,
      },
      {
        begin: () => Promise.resolve(),
        end: async () => {
          await vi.waitUntil(async () => (await failures()) >= 2);
          await run.wechat.comeBack();
        },
      },
    );
    const failed = await failures();
    const downFor = run.tally.now;

    await run.settles();
    // They waited for it.
    await vi.waitUntil(() => run.tally.reads > 100);
    await run.finish();

    expect(outages.unexplained()).toEqual([]);
    expect(run.upstreamCalls).toBe(run.issued);
    // Each of the others costs at most four calls a life.
    const lives = Math.ceil(run.tally.now / LIFE_SECONDS) + 1;
    expect(run.callsForOthers).toBeLessThanOrEqual(3 * 4 * lives);
    // All replicas together, according to the row.
    expect(failed).toBeLessThanOrEqual(callsWhileDown(downFor));
  });
});
