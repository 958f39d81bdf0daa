import { callsWhileDown, longestWait } from './support/back-off.js';
import { chaosDatabase } from './support/chaos-database.js';
import { ChaosRun } from './support/chaos-run.js';
import { chaosSeconds, chaosTestTimeout } from './support/chaos-time.js';
import { Outages } from './support/outages.js';

vi.setConfig({ testTimeout: chaosTestTimeout() });

describe('a platform that is down from the start, and comes back', () => {
  it.concurrent.each(['stable', 'classic'] as const)('%s', async (mode) => {
    const downSeconds = chaosSeconds() / 2;
    const backWithin = longestWait(downSeconds) + 1;
    await using run = await ChaosRun.create({
      name: 'platform down from the start',
      mode,
      database: await chaosDatabase(),
      beforeStart: (wechat) => wechat.goDown(),
    });
    const outages = new Outages(run.tally);
    await outages.during(
      {
        seconds: downSeconds,
        explains: ['refusal', 'failed call'],
        graceSeconds: backWithin,
      },
      {
        begin: () => Promise.resolve(),
        end: () => run.wechat.comeBack(),
      },
    );
    const failed = (await run.row.events()).filter(
      ({ type }) => type === 'failed',
    );
    const downFor = run.tally.now;

    await run.settles(backWithin);
    // They waited for it.
    await vi.waitUntil(() => run.tally.reads > 100, { timeout: 5000 });
    await run.finish();

    expect(outages.unexplained()).toEqual([]);
    expect(run.upstreamCalls).toBe(run.wechat.issued());
    // All replicas together, according to the row.
    expect(failed.length).toBeGreaterThanOrEqual(2);
    expect(failed.length).toBeLessThanOrEqual(callsWhileDown(downFor));
  });
});
