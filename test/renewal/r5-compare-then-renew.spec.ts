import { DEFAULT_FAKE_ACCOUNT } from '../../src/testing/index.js';
import {
  isRefreshBudgetError,
  isTokenUnavailableError,
  isWechatApiError,
} from '../../src/wechat-token/index.js';
import { REJECTION_BUDGET } from '../../src/wechat-token/renewal/policy/budget-limits.js';
import { World } from '../support/world.js';

const { appId } = DEFAULT_FAKE_ACCOUNT;
const PROBE = '/cgi-bin/get_api_domain_ip';

const isSoon = (seconds: number) => seconds > 20 && seconds <= 30;

const times = <T>(count: number, work: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, index) => work(index)));

describe('R5 compare, then renew', () => {
  it('adopts the stored token when it differs from the rejected one, without a call', async () => {
    await using world = await World.create();
    const [ours, other] = await world.pair();
    const old = await ours.tokens.getAccessToken();
    await other.refresher.refresh('access_token', { force: true });
    const renewed = await other.tokens.getAccessToken();
    const { total } = world.wechat.calls;

    expect(await ours.tokens.getAccessToken()).toBe(old);
    expect(await ours.tokens.invalidate(old)).toBe(renewed);

    expect(await ours.tokens.getAccessToken()).toBe(renewed);
    expect(world.wechat.calls.total).toBe(total);
  });

  it('takes a late report of an old token for what it is', async () => {
    await using world = await World.create();
    const { tokens } = await world.replica();
    const old = await tokens.getAccessToken();
    world.wechat.drop();
    const renewed = await tokens.invalidate(old);

    const answers = await times(50, () => tokens.invalidate(old));

    expect(new Set(answers)).toEqual(new Set([renewed]));
    expect(world.wechat.accepts(renewed)).toBe(true);
    expect(world.wechat.calls.total).toBe(2);
  });

  it('however many report a token, one event says so, and it is counted by no budget', async () => {
    await using world = await World.create();
    const { tokens, events, journal } = await world.replica();
    const old = await tokens.getAccessToken();
    world.wechat.drop();

    await times(100, () => tokens.invalidate(old));
    await times(100, () => tokens.invalidate(old));

    await journal.settled();
    const page = await events.page('access_token', { limit: 100 });
    const countOf = (type: string) =>
      page.filter((event) => event.type === type).length;
    expect(countOf('reported')).toBe(1);
    expect(countOf('rejected')).toBe(1);
  });

  it.each(['stable', 'classic'] as const)(
    '%s: 100 business calls with a token that the platform dropped get one new token, and none of them fails',
    async (mode) => {
      await using world = await World.create();
      const { api, tokens } = await world.replica({
        accounts: [{ ...DEFAULT_FAKE_ACCOUNT, mode }],
      });
      const old = await tokens.getAccessToken();
      world.wechat.drop();

      const answers = await times(100, () => api.get<object>(PROBE));

      expect(answers.every((answer) => 'ip_list' in answer)).toBe(true);
      expect(await tokens.getAccessToken()).not.toBe(old);
      expect(world.wechat.issued()).toBe(2);
      expect(world.wechat.calls[mode]).toBe(2);
    },
  );

  it('400 reports on 4 replicas make one new token', async () => {
    await using world = await World.create();
    const fleet = await world.fleet(4);
    const held = await Promise.all(fleet.map((r) => r.tokens.getAccessToken()));
    const [old = ''] = held;
    expect(new Set(held)).toEqual(new Set([old]));
    world.wechat.drop();

    const answers = await Promise.all(
      fleet.flatMap(({ tokens }) =>
        Array.from({ length: 100 }, () => tokens.invalidate(old)),
      ),
    );

    expect(new Set(answers).size).toBe(1);
    expect(world.wechat.issued()).toBe(2);
    expect(world.wechat.calls.stable).toBe(2);
  });

  it('passes an error on that says nothing about the token, and tries once only', async () => {
    await using world = await World.create();
    const { api } = await world.replica();
    await api.get(PROBE);
    const fault = world.wechat.inject('business', { errcode: 45009 });

    await expect(api.get(PROBE)).rejects.toSatisfy(isWechatApiError);

    expect(fault.hits).toBe(1);
    expect(world.wechat.calls.stable).toBe(1);
  });
});

describe('R5 in stable mode', () => {
  it('asks in normal mode, and adopts what another system forced', async () => {
    await using world = await World.create();
    const { tokens } = await world.replica();
    const old = await tokens.getAccessToken();
    const theirs = world.wechat.otherSystemFetches(appId, 'stable-forced');

    expect(await tokens.invalidate(old)).toBe(theirs);

    expect(world.wechat.calls).toMatchObject({ stable: 2, stableForced: 0 });
  });

  it('forces only when the rejected token itself comes back', async () => {
    await using world = await World.create();
    const { tokens } = await world.replica();
    const old = await tokens.getAccessToken();
    world.wechat.dropSilently();

    const renewed = await tokens.invalidate(old);

    expect(world.wechat.accepts(renewed)).toBe(true);
    expect(world.wechat.calls).toMatchObject({ stable: 3, stableForced: 1 });
  });

  it('says when the next forced renewal is possible, and does it then', async () => {
    await using world = await World.create();
    const { tokens } = await world.replica();
    world.wechat.dropSilently();
    const second = await tokens.invalidate(await tokens.getAccessToken());
    world.wechat.dropSilently();

    const error: unknown = await tokens
      .invalidate(second)
      .catch((reason: unknown) => reason);
    expect(error).toSatisfy(isRefreshBudgetError);
    expect(error).toHaveProperty('retryAfter', expect.toSatisfy(isSoon));

    await world.advance(31);
    const third = await tokens.invalidate(second);
    expect(world.wechat.accepts(third)).toBe(true);
    expect(world.wechat.calls.stableForced).toBe(2);
  });

  it('forces no more than 20 times a day', async () => {
    await using world = await World.create();
    const { tokens, events } = await world.replica();
    const old = await tokens.getAccessToken();
    const name = 'access_token';
    for (let spent = 0; spent < 20; spent++)
      await events.record({ name, type: 'forced', actor: 'earlier' });
    world.wechat.dropSilently();

    await expect(tokens.invalidate(old)).rejects.toThrow('20 times today');

    expect(world.wechat.calls.stableForced).toBe(0);
  });

  it('reports that come while it is too soon to force cost little, and do not delay the cure', async () => {
    await using world = await World.create();
    const { tokens } = await world.replica();
    world.wechat.dropSilently();
    const second = await tokens.invalidate(await tokens.getAccessToken());
    world.wechat.dropSilently();
    const { stable } = world.wechat.calls;

    for (let report = 0; report < 50; report++)
      await expect(tokens.invalidate(second)).rejects.toHaveProperty(
        'retryAfter',
        expect.toSatisfy(isSoon),
      );
    expect(world.wechat.calls.stable).toBe(stable + 1);

    await world.advance(31);
    expect(world.wechat.accepts(await tokens.invalidate(second))).toBe(true);
  });
});

describe.each(['stable', 'classic'] as const)(
  'R5 with an account whose every %s token is refused',
  (mode) => {
    it('makes a bounded number of calls, however many business calls are made, and says so', async () => {
      await using world = await World.create();
      const { api, tokens, rounds } = await world.replica({
        accounts: [{ ...DEFAULT_FAKE_ACCOUNT, mode }],
        refresh: { confirmSeconds: 0 },
      });
      world.wechat.rejectAllTokens(appId, true);

      let last: unknown;
      for (let step = 0; step < 90; step++) {
        last = await api.get(PROBE).catch((error: unknown) => error);
        await rounds.tick();
        await world.advance(20);
      }

      // The first token; then for each rejection one call in normal mode and, in stable mode, at most one forced.
      const perRejection = mode === 'stable' ? 2 : 1;
      expect(world.wechat.calls[mode]).toBeLessThanOrEqual(
        1 + REJECTION_BUDGET.perActor * perRejection,
      );
      expect(last).toSatisfy(isTokenUnavailableError);
      expect(last).toHaveProperty('retryAfter', expect.any(Number));

      world.wechat.rejectAllTokens(appId, false);
      expect(world.wechat.accepts(await tokens.getAccessToken())).toBe(true);
    });
  },
);
