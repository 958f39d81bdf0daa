import { DEFAULT_FAKE_ACCOUNT } from '../../src/testing/index.js';
import { chaosDatabase } from './support/chaos-database.js';
import { ChaosRun } from './support/chaos-run.js';
import {
  chaosSeconds,
  chaosTestTimeout,
  modesOf,
} from './support/chaos-time.js';

vi.setConfig({ testTimeout: chaosTestTimeout() });

/** There are two fleets, so together it is one a second: about as many processes as two cores can start. */
const EVERY_MS = 2000;

/** A caller's timeout, 10 s, is longer than three leases: a holder that was killed may be followed by one more. */
const SETTINGS = {
  WECHAT_REQUEST_TIMEOUT_MS: '1400',
  WECHAT_LEASE_SECONDS: '3',
};

/**
 * Every other token that the platform issues is lost with the process that asked for it, by SIGKILL while the answer is on its
 * way. The next one is let through.
 */
class HolderKiller {
  killed = 0;
  private spare = true;
  private readonly kills: Promise<void>[] = [];
  private readonly unsubscribe: () => void;

  constructor(private readonly run: ChaosRun) {
    this.unsubscribe = run.wechat.onIssue(({ appId }) => {
      if (appId !== DEFAULT_FAKE_ACCOUNT.appId) return;
      this.spare = !this.spare;
      if (!this.spare) this.kills.push(this.kill());
    });
  }

  async stop(): Promise<void> {
    this.unsubscribe();
    await Promise.all(this.kills);
  }

  private async kill(): Promise<void> {
    const holder = await this.run.leaseHolder().catch(() => undefined);
    if (!holder?.isRunning) return;
    await this.run.kill(holder);
    this.killed += 1;
  }
}

describe('SIGKILL every second, of random replicas and of those that are just renewing', () => {
  it.concurrent.each(modesOf('stable'))('%s', async (mode) => {
    await using run = await ChaosRun.create({
      name: 'sigkill',
      mode,
      database: await chaosDatabase(),
      withOthers: true,
      wechat: { lifeSeconds: 8 },
      settings: SETTINGS,
    });
    run.wechat.inject(mode, { delayMs: 500 }, { times: Infinity });
    const holders = new HolderKiller(run);
    for await (const _ of run.rounds(chaosSeconds(), EVERY_MS)) {
      // A machine that takes long to start them would soon have none.
      if (run.up.length < run.replicas.length) continue;
      const victim = run.random.pick(run.up);
      if (victim) await run.kill(victim);
    }
    await vi.waitUntil(() => holders.killed > 0);
    await holders.stop();
    await run.settles();

    const report = await run.finish();
    expect(run.tally.of(['refusal', 'failed call'])).toEqual([]);
    // Classic: the platform keeps the newest two, and a token that was lost with its holder is one of them.
    if (mode === 'stable') expect(run.tally.of(['bad token'])).toEqual([]);
    // A kill wastes at most the one call that was under way. In stable mode each replica may then ask for itself, and once more
    // where the platform gives the old token as yet.
    const wasted = mode === 'stable' ? 2 * run.replicas.length : 1;
    expect(report.upstreamCalls).toBeLessThanOrEqual(
      report.renewalsDue + report.kills * wasted,
    );
    // Three tokens that are the same until their end cost at most four calls a life each.
    expect(run.callsForOthers).toBeLessThanOrEqual(
      3 * (4 * report.renewalsDue + report.kills * wasted),
    );
  });
});
