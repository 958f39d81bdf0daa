import { chaosDatabase } from './support/chaos-database.js';
import { ChaosRun } from './support/chaos-run.js';
import {
  chaosSeconds,
  chaosTestTimeout,
  modesOf,
} from './support/chaos-time.js';

vi.setConfig({ testTimeout: chaosTestTimeout() });

const LIFE_SECONDS = 6;
/** What a process logs that comes too late. */
const LEASE_LOST = '"lease lost during WeChat call"';

describe('SIGSTOP in the middle of a renewal until others have renewed, then SIGCONT', () => {
  it.concurrent.each(modesOf('classic'))('%s', async (mode) => {
    await using run = await ChaosRun.create({
      name: 'sigstop',
      mode,
      database: await chaosDatabase(),
      wechat: { lifeSeconds: LIFE_SECONDS },
    });
    run.wechat.inject(mode, { delayMs: 500 }, { times: Infinity });
    const until = run.tally.now + chaosSeconds(0.7);
    let lost = 0;
    do {
      const holder = await run.nextRenewal();
      holder.pause();
      if ((await run.leaseHolder()) !== holder) {
        holder.resume(); // stopped too late, with the answer written
        continue;
      }
      await vi.waitUntil(() => run.isRenewed());
      const renewed = await run.row.place();
      const lostLeases = () => holder.logs().split(LEASE_LOST).length - 1;
      const before = lostLeases();
      holder.resume();
      await vi.waitUntil(() => lostLeases() > before);
      expect(await run.row.place()).toBeGreaterThanOrEqual(renewed);
      lost += 1;
    } while (run.tally.now < until || lost === 0);
    await run.settles();

    const report = await run.finish();
    expect(run.tally.of(['refusal', 'failed call'])).toEqual([]);
    // Classic: what the stopped one was given is one of the two that the platform keeps.
    if (mode === 'stable') expect(run.tally.of(['bad token'])).toEqual([]);
    // The stopped one's call was for nothing. In stable mode each replica may ask for itself meanwhile, and once more where
    // the platform gives the old token as yet.
    const wasted = mode === 'stable' ? 2 * run.replicas.length : 1;
    expect(report.upstreamCalls).toBeLessThanOrEqual(
      report.renewalsDue + report.kills * wasted,
    );
  });
});
