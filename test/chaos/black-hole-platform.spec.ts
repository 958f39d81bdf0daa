import { setTimeout as sleep } from 'node:timers/promises';
import { callsWhileDown, longestWait } from './support/back-off.js';
import { chaosDatabase } from './support/chaos-database.js';
import { ChaosRun, REQUEST_TIMEOUT_MS } from './support/chaos-run.js';
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
/** Outlasts every token that was issued before it. */
const LONG_SECONDS = [
  LIFE_SECONDS + 1,
  Math.max(LIFE_SECONDS + 1, Math.min(15, chaosSeconds() - 3)),
] as const;
const GRACE_SECONDS = longestWait(LONG_SECONDS[1]) + 1;

describe('a platform in a black hole: connections stay open, and nothing answers', () => {
  it.concurrent.each(modesOf('classic'))('%s', async (mode) => {
    await using line = await TcpProxy.start();
    await using run = await ChaosRun.create({
      name: 'platform in a black hole',
      mode,
      database: await chaosDatabase(),
      wechat: { lifeSeconds: LIFE_SECONDS },
      settings: { WECHAT_API_BASE_URL: `http://127.0.0.1:${line.port}` },
      beforeStart: (wechat) => line.leadTo(wechat.baseUrl),
    });
    const outages = new Outages(run.tally);
    await run.settles();
    const endAt = run.tally.now + chaosSeconds();
    let longOutages = 0;
    do {
      await tokenWithLife(run, DUE_SECONDS, LIFE_SECONDS + GRACE_SECONDS);
      await outages.blackHole(line, {
        seconds: BRIEF_SECONDS,
        explains: ['failed call'],
        graceSeconds: REQUEST_TIMEOUT_MS / 1000,
      });
      await nextIssue(run.wechat, LIFE_SECONDS + GRACE_SECONDS);
      await sleep(run.random.between(0, 500));
      await outages.blackHole(line, {
        seconds: run.random.between(...LONG_SECONDS),
        explains: ['refusal', 'failed call'],
        graceSeconds: GRACE_SECONDS,
      });
      longOutages += 1;
      await run.settles();
    } while (run.tally.now < endAt);
    const { upstreamCalls, renewalsDue } = await run.finish();

    expect(outages.unexplained()).toEqual([]);
    // One when a token is due, in stable mode once more if that was a little too early; and those that were not answered.
    const unanswered = longOutages * callsWhileDown(LONG_SECONDS[1]);
    expect(upstreamCalls).toBeLessThanOrEqual(
      (mode === 'stable' ? 2 : 1) * renewalsDue + unanswered,
    );
  });
});
