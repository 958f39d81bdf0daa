import { chaosDatabase } from './support/chaos-database.js';
import type { ChaosReplica } from './support/chaos-replica.js';
import { ChaosRun } from './support/chaos-run.js';
import {
  chaosSeconds,
  chaosTestTimeout,
  modesOf,
} from './support/chaos-time.js';
import { WrongClock } from './support/wrong-clock.js';

/** Beyond the renewal of the longer of the lives below, even if that comes late. */
const SECONDS = Math.max(15, chaosSeconds());
vi.setConfig({ testTimeout: chaosTestTimeout(SECONDS) });

const HOUR = 3600;
/** The platform answers all the time, so more than a second is this machine's doing. */
const SETTINGS = {
  WECHAT_REQUEST_TIMEOUT_MS: '3000',
  WECHAT_LEASE_SECONDS: '7',
};

function every(ms: number, act: () => void): Disposable {
  const timer = setInterval(act, ms);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** Hours by which its log's first line is ahead of this machine's clock. */
function hoursAhead(replica: ChaosReplica): number {
  const [, timestamp] = /"timestamp":"([^"]+)"/.exec(replica.logs()) ?? [];
  return (
    Math.round((Date.parse(timestamp ?? '') - Date.now()) / HOUR / 1000) || 0
  );
}

describe.concurrent('R3 wall clocks ahead, behind, right, and jumping', () => {
  it.each(modesOf('stable'))('%s', async (mode) => {
    using ahead = new WrongClock(HOUR);
    using behind = new WrongClock(-HOUR);
    using jumping = new WrongClock();
    await using run = await ChaosRun.create({
      name: 'wall clocks',
      mode,
      database: await chaosDatabase(),
      replicas: [
        { kind: 'server', settings: ahead.env },
        { kind: 'server', settings: { ...behind.env, TZ: 'Asia/Shanghai' } },
        'business',
        { kind: 'server', settings: jumping.env },
      ],
      settings: SETTINGS,
    });
    expect(run.replicas.map(hoursAhead)).toEqual([1, -1, 0, 0]);

    for await (const _ of run.rounds(SECONDS, 2000))
      jumping.set(run.random.pick([-HOUR, 0, HOUR]) ?? 0);
    await run.settles();
    const { issued, upstreamCalls, renewalsDue } = await run.finish();

    expect(run.tally.of(['bad token', 'refusal', 'failed call'])).toEqual([]);
    // By no clock is a token due before two thirds of its life.
    expect(issued).toBeLessThanOrEqual(renewalsDue);
    // In stable mode a call that came a little too early is repeated.
    const asking = mode === 'stable' ? 2 : 1;
    expect(upstreamCalls).toBeLessThanOrEqual(asking * issued);
  });
});

describe.concurrent('R3 a single refresher without callers', () => {
  it.each([
    // A cron job of every second misses one tick each time.
    { mode: 'stable', everyMs: 3000, lifeSeconds: 12 },
    // It never fires.
    { mode: 'classic', everyMs: 700, lifeSeconds: 15 },
  ] as const)(
    'its wall clock goes back an hour every $everyMs ms, and the row stays good',
    async ({ mode, everyMs, lifeSeconds }) => {
      using clock = new WrongClock();
      await using run = await ChaosRun.create({
        name: `clock set back every ${everyMs} ms`,
        mode,
        database: await chaosDatabase(),
        wechat: { lifeSeconds },
        replicas: [{ kind: 'server', settings: clock.env }],
        settings: SETTINGS,
        readers: 0,
      });
      const isStored = () => run.wechat.issued() > 0 && run.isRenewed();
      await vi.waitUntil(isStored);

      let jumps = 0;
      using _jumping = every(everyMs, () => clock.set(-HOUR * ++jumps));
      for await (const _ of run.rounds(SECONDS, 100)) {
        const { value } = (await run.row.row()) ?? {};
        const isGood = run.wechat.accepts(value ?? '');
        expect(isGood, `after ${jumps} jumps`).toBe(true);
      }
      const { issued, upstreamCalls, renewalsDue } = await run.finish();

      expect(jumps).toBeGreaterThan(2);
      expect(issued).toBeGreaterThanOrEqual(2);
      expect(issued).toBeLessThanOrEqual(renewalsDue);
      expect(upstreamCalls).toBeLessThanOrEqual(2 * issued);
    },
  );
});
