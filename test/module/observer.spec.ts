import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { DEFAULT_FAKE_ACCOUNT } from '../../src/testing/index.js';
import { fingerprint as fingerprintOf } from '../../src/wechat-token/common/fingerprint.js';
import {
  type Observations,
  StoreError,
  type Topic,
} from '../../src/wechat-token/index.js';
import { TOPICS } from '../../src/wechat-token/common/observer.js';
import { LogLines } from '../support/http.js';
import { World } from '../support/world.js';

type Observed = { [On in Topic]: Observations[On][] };

const nothingObserved = () =>
  Object.fromEntries(TOPICS.map((topic) => [topic, []])) as unknown as Observed;

/** An observer that keeps all that it is told. */
function recorder() {
  const observed = nothingObserved();
  const observer = Object.fromEntries(
    TOPICS.map((topic) => [
      topic,
      (observation: unknown) =>
        (observed[topic] as unknown[]).push(observation),
    ]),
  );
  return { observed, observer };
}

describe('the observer of an app', () => {
  it('and the subscribers of the channels are told of the life of a token, and of no secret', async () => {
    const { observed, observer } = recorder();
    const published = nothingObserved();
    const subscriptions = TOPICS.map((topic) => {
      const listen = (message: unknown) =>
        void (published[topic] as unknown[]).push(message);
      subscribe(`nestjs-wechat-token:${topic}`, listen);
      return () => unsubscribe(`nestjs-wechat-token:${topic}`, listen);
    });
    await using world = await World.create();
    const { tokens, refresher, rounds, accountCheck } = await world.replica({
      observer,
    });

    const first = await tokens.getAccessToken();
    await accountCheck.check();
    await rounds.tick();
    const second = await tokens.invalidate(first);
    world.wechat.inject('stable', { errcode: 45009, errmsg: 'quota' });
    await world.advance(10);
    await expect(refresher.refresh('access_token')).rejects.toThrow('45009');
    for (const end of subscriptions) end();

    const name = 'access_token';
    const source = 'stable';
    const ms = expect.any(Number) as number;
    const fingerprint = fingerprintOf(first);
    const renewal = { name, source, latencyMs: ms };
    expect(observed.renewal).toMatchObject([
      { ...renewal, outcome: 'refreshed', nextInMs: ms },
      { ...renewal, outcome: 'refreshed', nextInMs: ms },
      { ...renewal, outcome: 'failed', class: 'quota', errcode: 45009 },
    ]);
    const life = 7200_000;
    expect(observed.renewal[0]?.nextInMs).toBeGreaterThan(life - 310_000);
    expect(observed.renewal[0]?.nextInMs).toBeLessThan(life);
    const call = { path: '/cgi-bin/stable_token', latencyMs: ms };
    expect(observed.call).toContainEqual({ ...call, outcome: 'ok' });
    expect(observed.call).toContainEqual({
      ...call,
      outcome: 'refused',
      errcode: 45009,
    });
    expect(observed.rejection).toEqual([{ name, fingerprint }]);
    expect(observed.wait).toEqual([
      { name, outcome: 'served', ms },
      { name, outcome: 'served', ms },
    ]);
    expect(observed.due.length).toBeGreaterThan(0);
    expect(observed.statement).toContainEqual({
      name: 'storeRenewed',
      outcome: 'ok',
      ms,
    });
    expect(
      new Set(observed.statement.map((one) => one.name)).size,
    ).toBeGreaterThan(5);
    expect(published).toEqual(observed);
    const text = JSON.stringify(observed);
    for (const secret of [first, second, DEFAULT_FAKE_ACCOUNT.appSecret])
      expect(text).not.toContain(secret);
  });

  it('is told of a lease that was taken over, and of a token that could not be stored', async () => {
    const { observed, observer } = recorder();
    await using world = await World.create();
    const replica = await world.replica({ observer });
    await replica.accountCheck.check();
    const store = await world.store();
    await world.advance(7200);
    expect(
      await store.claim(await world.row(), 'the-dead-one', 1000),
    ).toBeDefined();
    await world.advance(2);
    const token = await replica.tokens.getAccessToken();
    expect(observed.takeover).toEqual([
      { name: 'access_token', from: 'the-dead-one' },
    ]);
    expect(observed.pending).toEqual([]);

    const locked = new StoreError('locked', 'ROW_LOCKED');
    vi.spyOn(replica.store, 'storeRenewed').mockRejectedValueOnce(locked);
    await replica.tokens.invalidate(token);
    await replica.rounds.tick();
    expect(observed.pending).toEqual([{ count: 1 }, { count: 0 }]);
  });

  it('breaks nothing when it throws, or rejects, and that is logged once', async () => {
    const log = new LogLines();
    const observer = {
      statement: () => {
        throw new Error('out of order');
      },
      renewal: () => Promise.reject(new Error('out of order')),
    };
    await using world = await World.create();
    const { tokens } = await world.replica({ observer, logger: log });
    await tokens.invalidate(await tokens.getAccessToken());
    const faults = log.text.match(/observer failed/g) ?? [];
    expect(faults).toHaveLength(2);
    expect(log.text).not.toContain('out of order');
  });

  it('is refused at start when a method is none', async () => {
    await using world = await World.create();
    const observer = { renewal: 'print' } as never;
    await expect(world.replica({ observer })).rejects.toThrow(
      'observer: must be an object whose methods are those of TokenObserver',
    );
  });
});
