import { chaosDatabase } from './support/chaos-database.js';
import { ChaosRun } from './support/chaos-run.js';
import {
  chaosSeconds,
  chaosTestTimeout,
  modesOf,
} from './support/chaos-time.js';

vi.setConfig({ testTimeout: chaosTestTimeout() });

describe('the lost answer: at each renewal the platform issues a token, and resets the connection', () => {
  it.concurrent.each(modesOf('classic'))('%s', async (mode) => {
    await using run = await ChaosRun.create({
      name: 'lost answer',
      mode,
      database: await chaosDatabase(),
      wechat: { lifeSeconds: 7 },
    });
    const until = run.tally.now + chaosSeconds(0.7);
    let lostAnswers = 0;
    do {
      const lost = run.wechat.inject(mode, { lostAnswer: true });
      await vi.waitUntil(() => lost.hits > 0);
      lostAnswers += 1;
      // Not two of them in a row, for which so short a life is too short.
      const calls = run.upstreamCalls;
      await vi.waitUntil(() => run.upstreamCalls > calls);
      await vi.waitUntil(() => run.isRenewed());
    } while (run.tally.now < until);
    await run.settles();

    const report = await run.finish();
    expect(run.tally.of(['refusal', 'failed call'])).toEqual([]);
    // Classic: the retry makes the platform drop the token that all still hold, until they hear of the new one.
    if (mode === 'stable') expect(run.tally.of(['bad token'])).toEqual([]);
    // Each lost answer is asked for once more, and once again where a busy machine has missed the second answer too.
    expect(report.upstreamCalls).toBeLessThanOrEqual(
      report.renewalsDue + 2 * lostAnswers,
    );
  });
});
