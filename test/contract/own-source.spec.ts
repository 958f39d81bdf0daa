import { setTimeout } from 'node:timers/promises';
import { inspect } from 'node:util';
import { FeishuSource } from '../../samples/own-source/src/feishu.source.js';
import {
  isCannotForceError,
  isTokenUnavailableError,
  TokenProvider,
  type TokenSource,
} from '../../src/wechat-token/index.js';
import { callsWhileDown } from '../chaos/support/back-off.js';
import { SecretScan } from '../chaos/support/secret-scan.js';
import { everyDatabase } from '../support/every-database.js';
import { FeishuWorld, LARK, LARK_TOKEN } from '../support/feishu-world.js';
import { World } from '../support/world.js';

const LIFETIMES = 2;
const STEP_SECONDS = 180;

/** The engine's rules for a source of the app's own: that of samples/own-source. */
describe.each(everyDatabase())(
  'a source of the app’s own on $title',
  (database) => {
    let feishuWorld: FeishuWorld;
    beforeEach(async () => {
      feishuWorld = await FeishuWorld.on(database);
    });
    afterEach(() => feishuWorld[Symbol.asyncDispose]());

    it('R4: 4 replicas that start at once make one call, and the row names the source', async () => {
      const { feishu, world } = feishuWorld;
      feishu.beforeAnswer = () => setTimeout(300);
      const fleet = await Promise.all(
        Array.from({ length: 4 }, () => feishuWorld.replica()),
      );

      const got = await Promise.all(
        fleet.flatMap(({ tokens }) =>
          Array.from({ length: 20 }, () =>
            tokens.getAccessToken('lark', { timeoutMs: 120_000 }),
          ),
        ),
      );

      expect(new Set(got)).toEqual(new Set(feishu.issued));
      expect(feishu.calls).toBe(1);
      expect(await world.row(LARK_TOKEN)).toMatchObject({
        source: 'feishu',
        appId: LARK.appId,
      });
    });

    it('R7: it is renewed when Feishu issues another token, half an hour before its end, by one call', async () => {
      const { feishu, world } = feishuWorld;
      const refresh = { confirmSeconds: 0 };
      const pair = [
        await feishuWorld.replica({ refresh }),
        await feishuWorld.replica({ refresh }),
      ];
      let elapsed = 0;
      const startedAt = world.clock.now();
      while (feishu.issued.length <= LIFETIMES) {
        for (const { tokens } of pair)
          expect(feishu.accepts(await tokens.getAccessToken('lark'))).toBe(
            true,
          );
        await world.advance(STEP_SECONDS);
        elapsed += STEP_SECONDS;
        for (const { rounds, poller } of pair) {
          await rounds.tick();
          await poller.poll();
        }
        expect(elapsed).toBeLessThan((LIFETIMES + 1) * 7200);
      }

      // With the time that the machine takes, on the clock of both.
      const passed = (world.clock.now() - startedAt) / 1000;
      expect(passed).toBeGreaterThan(LIFETIMES * 5400);
      expect(elapsed).toBeLessThan(LIFETIMES * (5400 + 180 + STEP_SECONDS));
      expect(feishu.calls).toBe(LIFETIMES + 1);
    });

    it('R5: a token that Feishu has revoked is replaced by one call; a false report is found out', async () => {
      const { feishu } = feishuWorld;
      const { tokens, refresher, module } = await feishuWorld.replica();
      const token = await tokens.getAccessToken('lark');
      const readers = module.get(TokenProvider).ofKind('access_token');

      // It is asked for again, and tried.
      const kept = await readers.answerReport(token, 'lark', 'somebody');
      expect(kept.value).toBe(token);
      expect(feishu.calls).toBe(2);

      feishu.revoke(token);
      const answers = await Promise.all(
        Array.from({ length: 50 }, () => tokens.invalidate(token, 'lark')),
      );
      expect(new Set(answers)).toEqual(new Set(feishu.issued.slice(1)));
      expect(feishu.calls).toBe(3);

      await expect(
        refresher.refresh(LARK_TOKEN, { force: true }),
      ).rejects.toSatisfy(isCannotForceError);
      expect(feishu.calls).toBe(3);
    });

    it('R8: a refusal has the class that the source gives to its code, and the token stays', async () => {
      const { feishu, world } = feishuWorld;
      const { tokens, refresher } = await feishuWorld.replica();
      const token = await tokens.getAccessToken('lark');
      const refusals = [
        { code: 10003, class: 'credentials' },
        { code: 10014, class: 'credentials' },
        { code: 99991400, class: 'transient' },
        { code: 99991401, class: 'ip' },
        { code: 99991663, class: 'rejected' },
        { code: 5, class: 'transient' },
      ];
      for (const { code, class: failureClass } of refusals) {
        // An operator is told of the last answer for as long.
        await world.advance(10);
        feishu.refusal = { code, msg: 'no' };
        await expect(refresher.refresh(LARK_TOKEN)).rejects.toSatisfy(
          isTokenUnavailableError,
        );
        const { lastError, value } = await world.row(LARK_TOKEN);
        expect(lastError).toMatchObject({ class: failureClass, errcode: code });
        expect(lastError?.message).toContain('Feishu');
        expect(value).toBe(token);
      }
      expect(await tokens.getAccessToken('lark')).toBe(token);
    });

    it('R8: an hour in which Feishu is down costs few calls, and the first after it a token', async () => {
      const { feishu, world } = feishuWorld;
      const pair = [await feishuWorld.replica(), await feishuWorld.replica()];
      feishu.isDown = true;
      for (const { accountCheck } of pair) await accountCheck.check();
      for (let elapsed = 0; elapsed < 3600; elapsed += 60) {
        await world.advance(60);
        for (const { rounds } of pair) await rounds.tick();
      }
      expect(feishu.calls).toBeGreaterThan(10);
      expect(feishu.calls).toBeLessThanOrEqual(callsWhileDown(3600));

      feishu.isDown = false;
      await world.advance(90);
      for (const { rounds, poller } of pair) {
        await rounds.tick();
        await poller.poll();
      }
      for (const { tokens } of pair)
        expect(feishu.issued).toContain(await tokens.getAccessToken('lark'));
      expect(feishu.issued).toHaveLength(1);
    });

    it('R12: a restart with a valid token makes no call', async () => {
      const { feishu, world } = feishuWorld;
      const first = await feishuWorld.replica();
      const token = await first.tokens.getAccessToken('lark');
      await first.close();
      await world.advance(60);

      const { tokens, accountCheck } = await feishuWorld.replica();
      await accountCheck.check();

      expect(await tokens.getAccessToken('lark')).toBe(token);
      expect(feishu.calls).toBe(1);
    });

    it('R15: neither its secret nor its tokens are in the tables, logs and errors, even where Feishu quotes them', async () => {
      const { feishu, world } = feishuWorld;
      const scan = new SecretScan();
      const log = (...line: unknown[]) =>
        scan.add('log', inspect(line, { depth: 9, breakLength: Infinity }));
      const key = Buffer.alloc(32, 7).toString('base64');
      const { tokens, refresher } = await feishuWorld.replica({
        logger: { log, warn: log, error: log },
        encryptionKeys: [{ id: 'k', key }],
      });
      const token = await tokens.getAccessToken('lark');
      await world.advance(10);
      const msg = `app_secret=${LARK.appSecret} is not that of ${token}`;
      feishu.refusal = { code: 10014, msg };
      const error: unknown = await refresher
        .refresh(LARK_TOKEN)
        .catch((thrown: unknown) => thrown);
      feishu.refusal = undefined;
      await tokens.invalidate(token, 'lark').catch(() => undefined);
      scan.add('error', inspect(error, { depth: 9, showHidden: true }));
      for (const table of ['system_var', 'token_event'])
        scan.add(
          table,
          JSON.stringify(await world.sql(`SELECT * FROM ${table}`)),
        );

      expect(error).toSatisfy(isTokenUnavailableError);
      expect(scan.characters).toBeGreaterThan(1000);
      expect(scan.hits([LARK.appSecret, ...feishu.issued])).toEqual([]);
    });
  },
);

describe('a source with a fault, written in JavaScript', () => {
  const SECRET = 'a-secret-of-the-source';
  const thrown = () => {
    throw new TypeError(SECRET);
  };
  let world: World;
  beforeEach(async () => {
    world = await World.create();
  });
  afterEach(() => world[Symbol.asyncDispose]());

  /** The outcome of one renewal. */
  const renewal = async (issue: () => unknown) => {
    const feishu = new FeishuSource(world.wechat.baseUrl);
    const source = Object.assign(feishu, { issue, probe: thrown });
    const { refresher } = await world.replica({
      accounts: [LARK],
      sources: [source as TokenSource],
    });
    return () =>
      refresher.refresh(LARK_TOKEN).catch((reason: unknown) => reason);
  };
  const expectTransient = async (error: unknown, shown: string) => {
    expect(error).toSatisfy(isTokenUnavailableError);
    const { lastError } = await world.row(LARK_TOKEN);
    expect(lastError?.class).toBe('transient');
    expect(lastError?.message).toContain(shown);
    expect(inspect([error, lastError], { depth: 9 })).not.toContain(SECRET);
  };

  it.each([
    ['throws at once', thrown, 'TypeError'],
    ['rejects', () => Promise.reject(new RangeError(SECRET)), 'RangeError'],
    ['gives nothing', () => undefined, 'usable token'],
    ['gives no life', () => ({ value: SECRET }), 'usable life'],
  ])(
    'whose issue %s: the failure is transient, and shows no secret',
    async (_, issue, shown) => {
      const renew = await renewal(issue);
      await expectTransient(await renew(), shown);
    },
  );

  it('whose issue never ends: it has failed when the lease ends', async () => {
    const issue = vi.fn(() => new Promise(() => undefined));
    const renew = await renewal(issue);
    const outcome = renew();
    await vi.waitUntil(() => issue.mock.calls.length > 0);
    await world.skip(30);
    await expectTransient(await outcome, 'within 30 s');
  });
});
