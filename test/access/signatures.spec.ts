import { createHash } from 'node:crypto';
import {
  DEFAULT_FAKE_ACCOUNT,
  DEFAULT_FAKE_WECOM_ACCOUNT,
  fakeAppId,
} from '../../src/testing/index.js';
import type {
  CardSignatureService,
  CardToAdd,
} from '../../src/wechat-token/access/card-signature.service.js';
import type { JsapiSignatureService } from '../../src/wechat-token/access/jsapi-signature.service.js';
import {
  isInvalidArgumentError,
  isTokenUnavailableError,
  isUnknownAccountError,
  isUnknownTokenError,
  type WechatTokenModuleOptions,
} from '../../src/wechat-token/index.js';
import { DatabaseClock } from '../../src/wechat-token/store/database-clock.js';
import { SHOP } from '../support/http.js';
import { signaturesOf } from '../support/signatures.js';
import { type TestReplica, World } from '../support/world.js';

const { appId } = DEFAULT_FAKE_ACCOUNT;
const { corpId, agentId, secret } = DEFAULT_FAKE_WECOM_ACCOUNT;
const APPLICATION = fakeAppId(DEFAULT_FAKE_WECOM_ACCOUNT);

const ACCOUNTS: WechatTokenModuleOptions['accounts'] = [
  { ...DEFAULT_FAKE_ACCOUNT, tickets: ['jsapi', 'wx_card'] },
  SHOP,
  {
    name: 'office',
    kind: 'wecom',
    corpId,
    agentId,
    secret,
    tickets: ['corp', 'agent'],
  },
];
const PAGE = 'https://shop.example/pay?order=1&from=singlemessage';
const NONCE = /^[0-9a-f]{32}$/;
const sha1 = (text: string) => createHash('sha1').update(text).digest('hex');
/** As the platform computes it, which knows its ticket. */
const ofCard = (...values: string[]) => sha1(values.sort().join(''));

describe('signatures', () => {
  let world: World;
  let replica: TestReplica;
  let pages: JsapiSignatureService;
  let cards: CardSignatureService;
  beforeEach(async () => {
    const accounts = [DEFAULT_FAKE_ACCOUNT, SHOP, DEFAULT_FAKE_WECOM_ACCOUNT];
    world = await World.create({ wechat: { accounts } });
    replica = await world.replica({ accounts: ACCOUNTS });
    // Every token is there, and nothing is under way in the background.
    await replica.accountCheck.check();
    ({ pages, cards } = signaturesOf(replica.module));
  });
  afterEach(() => world[Symbol.asyncDispose]());

  /** A replica that has no token and gets none, and a caller who waits for none: whatever is refused is refused before. */
  async function withoutTokens() {
    const options = { role: 'reader', accounts: ACCOUNTS } as const;
    const empty = await World.create();
    const { module } = await empty.replica(options);
    return {
      ...signaturesOf(module),
      [Symbol.asyncDispose]: () => empty[Symbol.asyncDispose](),
    };
  }
  const NO_WAIT = { signal: AbortSignal.abort() };
  const cardTicket = () => world.wechat.currentTicket(appId, 'wx_card') ?? '';
  const calls = () => world.wechat.calls.total;
  const failure = (work: Promise<unknown>) =>
    work.then(
      () => undefined,
      (error: unknown) => error,
    );

  describe('of a page', () => {
    it('are accepted by the platform, each with another nonce, without a call', async () => {
      const before = calls();
      const first = await pages.sign(`${PAGE}#/route`);
      expect(first).toEqual({
        appId,
        timestamp: expect.any(Number) as number,
        nonceStr: expect.stringMatching(NONCE) as string,
        signature: expect.stringMatching(/^[0-9a-f]{40}$/) as string,
      });
      const second = await pages.sign(PAGE);
      expect(second.nonceStr).not.toBe(first.nonceStr);

      const { wechat } = world;
      for (const signed of [first, second]) {
        const page = { ...signed, url: PAGE };
        expect(wechat.acceptsJsapiSignature(appId, 'jsapi', page)).toBe(true);
        const other = { ...signed, url: `${PAGE}&x=1` };
        expect(wechat.acceptsJsapiSignature(appId, 'jsapi', other)).toBe(false);
      }
      expect(calls()).toBe(before);
    });

    it('follow the ticket: when it has ended, they are made with the next one', async () => {
      const { wechat } = world;
      const old = await pages.sign(PAGE);
      await world.advance(7200);
      const signed = await pages.sign(PAGE);
      const accepts = (one: typeof old) =>
        wechat.acceptsJsapiSignature(appId, 'jsapi', { ...one, url: PAGE });
      expect(accepts(signed)).toBe(true);
      expect(accepts(old)).toBe(false);
    });

    it('R3: have the database’s time, of 2017 here', async () => {
      const databaseClock = replica.module.get(DatabaseClock);
      databaseClock.set(1_500_000_000_000, world.clock.now());
      const { timestamp } = await pages.sign(PAGE);
      expect(timestamp).toBeGreaterThanOrEqual(1_500_000_000);
      expect(timestamp).toBeLessThan(1_500_000_000 + 3600);
    });

    it('for WeCom: wx.config by the ticket of the corp, wx.agentConfig by that of the application', async () => {
      const { wechat } = world;
      const config = await pages.sign(`${PAGE}#x`, 'office');
      const agent = await pages.signAgentConfig(`${PAGE}#x`, 'office');

      expect(config.appId).toBe(corpId);
      expect(agent).toEqual({
        corpid: corpId,
        agentid: agentId,
        timestamp: expect.any(Number) as number,
        nonceStr: expect.stringMatching(NONCE) as string,
        signature: expect.stringMatching(/^[0-9a-f]{40}$/) as string,
      });
      const accepts = (type: 'corp' | 'agent', signed: object) =>
        wechat.acceptsJsapiSignature(APPLICATION, type, {
          ...agent,
          ...signed,
          url: PAGE,
        });
      expect(accepts('corp', config)).toBe(true);
      expect(accepts('agent', agent)).toBe(true);
      expect(accepts('agent', config)).toBe(false);
      expect(accepts('corp', agent)).toBe(false);
    });

    it('are refused before a token is asked for, where the address is none', async () => {
      await using cold = await withoutTokens();
      for (const call of [
        cold.pages.sign('/pay', 'default', NO_WAIT),
        cold.pages.sign(undefined as never, 'default', NO_WAIT),
        cold.pages.signAgentConfig('/pay', 'office', NO_WAIT),
      ])
        expect(await failure(call)).toSatisfy(isInvalidArgumentError);
    });

    it('are refused for an account without the ticket, or that is not known', async () => {
      expect(await failure(pages.sign(PAGE, 'shop'))).toSatisfy(
        isUnknownTokenError,
      );
      for (const call of [
        pages.sign(PAGE, 'nobody'),
        pages.signAgentConfig(PAGE, 'nobody'),
      ])
        expect(await failure(call)).toSatisfy(isUnknownAccountError);
      const error = await failure(pages.signAgentConfig(PAGE));
      expect(error).toSatisfy(isInvalidArgumentError);
      expect(error).toMatchObject({ argument: 'account' });
    });
  });

  describe('of a card', () => {
    const cardId = 'pjZ8Yt1XGILfi-FUsewpnnolGgZk';

    it('cardExt: has what is given, and signs what the platform signs', async () => {
      const ext = await cards.cardExt({
        cardId,
        code: '1434008071',
        openId: 'oABC',
        fixedBeginTimestamp: 1_735_689_600,
        outerStr: 'poster',
      });
      const { timestamp, nonce_str, signature } = ext;
      expect(ext).toEqual({
        code: '1434008071',
        openid: 'oABC',
        timestamp: expect.stringMatching(/^\d{10}$/) as string,
        nonce_str: expect.stringMatching(NONCE) as string,
        fixed_begintimestamp: 1_735_689_600,
        outer_str: 'poster',
        signature,
      });
      const values = [cardId, '1434008071', 'oABC', timestamp, nonce_str];
      expect(signature).toBe(ofCard(cardTicket(), ...values));
      expect(cardTicket()).not.toBe('');
    });

    it('cardExt: has nothing that is not given', async () => {
      const ext = await cards.cardExt({ cardId, code: '' });
      const { timestamp, nonce_str, signature } = ext;
      expect(ext).toEqual({ timestamp, nonce_str, signature });
      expect(signature).toBe(
        ofCard(cardTicket(), cardId, timestamp, nonce_str),
      );
      const next = await cards.cardExt({ cardId });
      expect(next.nonce_str).not.toBe(nonce_str);
    });

    it('chooseCard: signs the appid and the filter', async () => {
      const filter = { shopId: '1234', cardType: 'GROUPON', cardId };
      const all = { shopId: '', cardType: '', cardId: '' };
      for (const [given, shown] of [
        [filter, filter],
        [{ cardId }, { ...all, cardId }],
        [undefined, all],
      ] as const) {
        const chosen = await cards.chooseCard(given);
        const { timestamp, nonceStr, cardSign } = chosen;
        expect(chosen).toEqual({
          ...shown,
          timestamp: expect.any(Number) as number,
          nonceStr: expect.stringMatching(NONCE) as string,
          signType: 'SHA1',
          cardSign,
        });
        const stamp = [String(timestamp), nonceStr];
        expect(cardSign).toBe(
          ofCard(cardTicket(), appId, ...stamp, ...Object.values(shown)),
        );
      }
    });

    it('are refused for what is no card, by the name of the field, before a token is asked for', async () => {
      await using cold = await withoutTokens();
      for (const [argument, wrong] of [
        ['cardId', { cardId: undefined }],
        ['cardId', { cardId: '' }],
        ['cardId', { cardId: 7 }],
        ['code', { code: 1434008071 }],
        ['openId', { openId: ['oABC'] }],
        ['outerStr', { outerStr: {} }],
        ['fixedBeginTimestamp', { fixedBeginTimestamp: 1_735_689_600_000 }],
        ['fixedBeginTimestamp', { fixedBeginTimestamp: '1735689600' }],
        ['fixedBeginTimestamp', { fixedBeginTimestamp: 1.5 }],
      ] as const) {
        const card = { cardId, ...wrong } as unknown as CardToAdd;
        await refused(cold.cards.cardExt(card, 'default', NO_WAIT), argument);
      }
      const filter = { shopId: 1234 as never };
      const chosen = cold.cards.chooseCard(filter, 'default', NO_WAIT);
      await refused(chosen, 'shopId');
    });

    async function refused(work: Promise<unknown>, argument: string) {
      const error = await failure(work);
      expect(error).toSatisfy(isInvalidArgumentError);
      expect(error).toMatchObject({
        argument,
        message: expect.stringContaining(`"${argument}" must be`) as string,
      });
    }
  });

  it('a caller who does not wait gets an error where there is no ticket, not a signature', async () => {
    await using cold = await withoutTokens();
    for (const call of [
      cold.pages.sign(PAGE, 'default', NO_WAIT),
      cold.pages.signAgentConfig(PAGE, 'office', NO_WAIT),
      cold.cards.cardExt({ cardId: 'p' }, 'default', NO_WAIT),
      cold.cards.chooseCard({}, 'default', NO_WAIT),
    ])
      expect(await failure(call)).toSatisfy(isTokenUnavailableError);
  });
});
