import { setTimeout as sleep } from 'node:timers/promises';
import { chaosDatabase } from './support/chaos-database.js';
import { ChaosRun, LEASE_SECONDS } from './support/chaos-run.js';
import {
  chaosSeconds,
  chaosTestTimeout,
  modesOf,
} from './support/chaos-time.js';
import { tokenWithLife } from './support/new-token.js';
import { nextIssue } from './support/next-issue.js';
import { Outages } from './support/outages.js';
import { TcpProxy } from './support/tcp-proxy.js';

vi.setConfig({ testTimeout: chaosTestTimeout() });

const LIFE_SECONDS = 6;
/** A renewal is due at two thirds of a life. */
const DUE_SECONDS = (LIFE_SECONDS * 2) / 3;
/** Over before a new token is due. */
const BRIEF_SECONDS = 2;
/** Outlasts every token that was issued before it; in the long form also the store's limit of 10 s for a statement. */
const LONG_SECONDS = [
  LIFE_SECONDS + 1,
  Math.max(LIFE_SECONDS + 1, Math.min(15, chaosSeconds() - 3)),
] as const;
/** A statement that was held may have taken the lease for a replica that no longer waits for it. */
const GRACE_SECONDS = LEASE_SECONDS + 1;

describe('a database in a black hole: connections stay open, and nothing answers', () => {
  it.concurrent.each(modesOf('stable'))('%s', async (mode) => {
    const database = await chaosDatabase();
    await using line = await TcpProxy.start(database.url);
    await using run = await ChaosRun.create({
      name: 'database in a black hole',
      mode,
      database,
      wechat: { lifeSeconds: LIFE_SECONDS },
      settings: { DATABASE_URL: line.through(database.url) },
    });
    const outages = new Outages(run.tally);
    await run.settles();
    const endAt = run.tally.now + chaosSeconds();
    do {
      await tokenWithLife(run, DUE_SECONDS, LIFE_SECONDS + GRACE_SECONDS);
      await outages.blackHole(line, { seconds: BRIEF_SECONDS });
      // Into the middle of a renewal, or soon after it.
      await nextIssue(run.wechat, LIFE_SECONDS + GRACE_SECONDS);
      await sleep(run.random.between(0, 500));
      await outages.blackHole(line, {
        seconds: run.random.between(...LONG_SECONDS),
        // R11: stable mode goes on, classic mode only while a token lasts.
        explains: mode === 'stable' ? [] : ['refusal', 'failed call'],
        graceSeconds: GRACE_SECONDS,
      });
      await run.settles();
    } while (run.tally.now < endAt);
    const { issued, upstreamCalls, renewalsDue } = await run.finish();

    expect(outages.unexplained()).toEqual([]);
    // Nobody renews a token before it is due, in a black hole neither.
    expect(issued).toBeLessThanOrEqual(renewalsDue);
    // For itself, a stable replica asks when its token is due, and once more if it was a little too early.
    const asking = mode === 'stable' ? 2 * run.replicas.length : 1;
    expect(upstreamCalls).toBeLessThanOrEqual(asking * issued);
  });
});
