import { setTimeout as sleep } from 'node:timers/promises';
import { DEFAULT_FAKE_ACCOUNT, type Fault } from '../../src/testing/index.js';
import { GARBAGE } from '../support/garbage.js';
import { AccountSweep } from './support/account-sweep.js';
import { callsWhileDown } from './support/back-off.js';
import { chaosDatabase } from './support/chaos-database.js';
import { ChaosRun } from './support/chaos-run.js';
import {
  chaosSeconds,
  chaosTestTimeout,
  modesOf,
} from './support/chaos-time.js';
import { peakMegabytes } from './support/memory.js';

vi.setConfig({ testTimeout: chaosTestTimeout() });

/** Nobody is ever without a token: what is spoiled is its early renewal. */
const LIFE_SECONDS = 60;
/** While this process builds an answer of 200 MB, its event loop is blocked: 0.4 s, and several times that on a busy machine. */
const SETTINGS = {
  WECHAT_REQUEST_TIMEOUT_MS: '3000',
  WECHAT_LEASE_SECONDS: '7',
};
const SWEEP_MS = 300;
const MAX_MEGABYTES = 400;
/** From the platform's answer to the row, and from there, within WECHAT_SYNC_INTERVAL_MS, to every replica; on a busy machine. */
const NEWS_SECONDS = 3;

const { appId: defaultAppId, appSecret } = DEFAULT_FAKE_ACCOUNT;
/** As many as there are kinds of garbage: each account gets its own, and all of them at about the same time. */
const others = GARBAGE.map((_kind, i) => ({
  name: `account-${i + 1}`,
  appId: `wx_garbage_${i + 1}`,
  appSecret,
}));
const appIds = [defaultAppId, ...others.map(({ appId }) => appId)];

describe('whatever the platform may answer in place of a token', () => {
  it.concurrent.each(modesOf('stable'))('%s', async (mode) => {
    const database = await chaosDatabase();
    await using run = await ChaosRun.create({
      name: 'garbage',
      mode,
      database,
      wechat: {
        lifeSeconds: LIFE_SECONDS,
        accounts: appIds.map((appId) => ({ appId, appSecret })),
      },
      settings: { ...SETTINGS, WECHAT_ACCOUNTS: JSON.stringify(others) },
    });
    const { wechat } = run;
    const other = mode === 'stable' ? 'classic' : 'stable';
    const faults: readonly Fault[] = [
      { redirect: otherEndpoint(wechat.baseUrl, other) },
      ...GARBAGE.map(([, fault]) => fault),
    ];
    const sweep = new AccountSweep(run, database.url, appIds);
    await vi.waitUntil(() => sweep.isRenewed());
    await run.settles();

    /** Each account gets one, and another one than in the round before; until all have recovered. */
    const round = async (shift: number) => {
      const shifted = [...faults.slice(shift), ...faults.slice(0, shift)];
      const injected = shifted.map((fault, i) =>
        wechat.inject(mode, fault, { appId: appIds[i] }),
      );
      await sweep.makeDue();
      do {
        await sweep.sweep();
        await sleep(SWEEP_MS);
      } while (
        injected.some(({ hits }) => hits === 0) ||
        !(await sweep.isRenewed())
      );
    };
    const first = Math.floor(run.random.between(0, faults.length));
    const endAt = run.tally.now + chaosSeconds();
    let mostCalls = 1;
    for (let i = 0; run.tally.now < endAt; i++) {
      const startedAt = run.tally.now;
      await round((first + i) % faults.length);
      mostCalls += callsWhileDown(run.tally.now - startedAt);
    }
    await run.settles();
    const peaks = run.replicas.map(peakMegabytes);
    const { upstreamCalls } = await run.finish();

    expect(Math.max(...peaks)).toBeLessThan(MAX_MEGABYTES);
    expect(run.tally.of(['refusal', 'failed call'])).toEqual([]);
    // Classic: the platform issued a token that never arrived, and the next one ended what others still held.
    if (mode === 'stable') expect(run.tally.of(['bad token'])).toEqual([]);
    else expect(Math.max(0, ...sweep.lags())).toBeLessThan(NEWS_SECONDS);
    // For each account one at the start, and in each round as many as its back-off allows.
    expect(upstreamCalls).toBeLessThanOrEqual(appIds.length * mostCalls);
    expect(wechat.calls[other]).toBe(0);
  });
});

/** With everything that it needs to succeed, if it were followed. */
function otherEndpoint(baseUrl: string, mode: 'stable' | 'classic'): string {
  const query = new URLSearchParams({
    grant_type: 'client_credential',
    appid: defaultAppId,
    secret: appSecret,
  });
  const path = mode === 'classic' ? 'token' : 'stable_token';
  return `${baseUrl}/cgi-bin/${path}?${query.toString()}`;
}
