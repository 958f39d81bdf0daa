import {
  DEFAULT_FAKE_WECOM_ACCOUNT,
  fakeAppId,
} from '../../src/testing/index.js';
import {
  bearer,
  KEYS,
  type LogLines,
  PLATFORMS,
  posted,
  type Sent,
  SHOP,
  WRONG_KEY,
} from '../support/http.js';
import { httpWorld, OWN } from '../support/http-world.js';
import type { HttpReplica, World } from '../support/world.js';

const PAGES = {
  appId: 'wx_pages',
  appSecret: 'secret-of-the-account-with-pages',
};
const CRM = DEFAULT_FAKE_WECOM_ACCOUNT;
const NAMES = [
  'access_token',
  'access_token:shop',
  'access_token:none',
  'jsapi_ticket:pages',
  'access_token:crm',
  'corp_ticket:crm',
];

const WECOM = fakeAppId(CRM);

describe.each(PLATFORMS)('R15 on %s', (_platform, adapter) => {
  let world: World;
  let app: HttpReplica;
  let log: LogLines;
  /** By route: all that was ever answered. */
  const issuing: string[] = [];
  const others: string[] = [];

  beforeAll(async () => {
    ({ world, app, log } = await httpWorld(
      adapter(),
      {
        fake: PAGES,
        account: { name: 'pages', ...PAGES, tickets: ['jsapi'] },
      },
      {
        fake: CRM,
        account: { name: 'crm', kind: 'wecom', ...CRM, tickets: ['corp'] },
      },
    ));
    await everything();
    await world.wechat.goDown();
    await world.advance(8000);
    // Callers wait for a platform that is down as long as they may.
    await world.hasten(everything());
    await world.wechat.comeBack();
    await app.dataSource.destroy();
    await everything();
  });
  afterAll(() => world[Symbol.asyncDispose]());

  /** Every route, with every key and with what is secret wherever a client may put it by mistake. */
  async function everything(): Promise<void> {
    const tokens = world.wechat.issuedTokens;
    const token = tokens.at(-1) ?? '';
    for (const key of [...Object.values(KEYS), { key: WRONG_KEY }]) {
      const read = { headers: bearer(key) };
      const post = (body: unknown) => posted(body, bearer(key));
      const misplaced = `key=${key.key}&value=${token}&secret=${OWN.appSecret}`;
      await collect(others, `/admin/wechat-tokens?${misplaced}`, read);
      await collect(others, `/no-such-route?${misplaced}`, read);
      for (const name of NAMES) {
        const admin = `/admin/wechat-tokens/${name}`;
        await collect(others, `${admin}?${misplaced}`, read);
        await collect(others, `${admin}/events`, read);
        await collect(others, `${admin}/refresh`, post({ force: true }));
        await collect(others, `${admin}/refresh`, post({ value: token }));
        await collect(issuing, `/wechat-tokens/${name}`, read);
        // One that is replaced already, and the one that is in use.
        const current = world.wechat.currentToken(OWN.appId);
        for (const value of [tokens[0], current])
          await collect(
            issuing,
            `/wechat-tokens/${name}/rejected`,
            post({ value }),
          );
      }
      const question = {
        grant_type: 'client_credential',
        appid: OWN.appId,
        secret: key.key,
      };
      const query = new URLSearchParams(question).toString();
      await collect(issuing, `/cgi-bin/token?${query}`, {});
      const forced = posted({ ...question, force_refresh: true });
      await collect(issuing, '/cgi-bin/stable_token', forced);
      const wecom = `corpid=${CRM.corpId}&corpsecret=${key.key}`;
      await collect(issuing, `/cgi-bin/gettoken?${wecom}`, {});
      for (const sent of [key.key, token, world.wechat.currentToken(WECOM)]) {
        const asked = `access_token=${sent}&type=jsapi&appid=${PAGES.appId}`;
        await collect(issuing, `/cgi-bin/ticket/getticket?${asked}`, {});
        const corp = `access_token=${sent}&corpid=${CRM.corpId}`;
        await collect(issuing, `/cgi-bin/get_jsapi_ticket?${corp}`, {});
      }
    }
  }

  async function collect(into: string[], path: string, init: Sent) {
    const response = await fetch(app.url + path, init);
    const headers = JSON.stringify([...response.headers]);
    into.push(`${response.status} ${headers} ${await response.text()}`);
  }

  const secrets = [
    ...Object.values(KEYS).map(({ key }) => key),
    WRONG_KEY,
    OWN.appSecret,
    SHOP.appSecret,
    PAGES.appSecret,
    CRM.secret,
  ];
  const values = () => [
    ...world.wechat.issuedTokens,
    ...world.wechat.issuedTickets,
  ];

  it('only the routes that issue tokens return one', () => {
    const token = world.wechat.issuedTokens.at(-1) ?? '';
    expect(issuing.join('\n')).toContain(token);
    // Those from before the platform went down: one of each account.
    const tickets = world.wechat.issuedTickets.slice(0, 2);
    expect(tickets).toHaveLength(2);
    for (const ticket of tickets) expect(issuing.join('\n')).toContain(ticket);
    for (const each of values())
      for (const answer of others) expect(answer).not.toContain(each);
  });

  it('no response contains a secret or a key', () => {
    const statuses = [...issuing, ...others].map((text) => text.slice(0, 3));
    expect(new Set(statuses)).toEqual(
      new Set(['200', '400', '401', '403', '404', '409', '429', '502', '503']),
    );
    for (const answer of [...issuing, ...others])
      for (const secret of secrets) expect(answer).not.toContain(secret);
  });

  it('the log contains neither', () => {
    expect(log.text).toContain('token refreshed');
    expect(log.text).toContain('token rejected by WeChat');
    for (const secret of [...secrets, ...values()])
      expect(log.text).not.toContain(secret);
  });
});
