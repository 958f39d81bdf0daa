import WechatAPI from 'co-wechat-api';
import { OfficialAccount, Work } from 'node-easywechat';
import {
  DEFAULT_FAKE_WECOM_ACCOUNT,
  fakeAppId,
} from '../../src/testing/index.js';
import { apiKeys, AppSandbox } from '../support/app-sandbox.js';
import type { AppProcess } from '../support/run-app.js';
import { askShaped } from '../support/shaped.js';
import { hostedWorkClient } from './python-client.js';
import { routeTokensTo, type WechatRouter } from './wechat-router.js';

const SHOP = { appId: 'wx_shop', appSecret: 'shop-secret-0123456789abcdef' };
const CRM = DEFAULT_FAKE_WECOM_ACCOUNT;
const OA = { ...CRM, agentId: '1000003', secret: 'oa-secret-0123456789abcdef' };
const KEYS = {
  shop: 'shop-key-0123456789abcdefghijklmnop',
  crm: 'crm-key-0123456789abcdefghijklmnop',
  oa: 'oa-key-0123456789abcdefghijklmnop',
};
const accounts = [
  { name: 'shop', ...SHOP, tickets: ['jsapi', 'wx_card'] },
  { name: 'crm', kind: 'wecom', ...CRM, tickets: ['corp', 'agent'] },
  { name: 'oa', kind: 'wecom', ...OA, tickets: ['agent'] },
];

let sandbox: AppSandbox;
let app: AppProcess;
let router: WechatRouter;
beforeAll(async () => {
  sandbox = await AppSandbox.create();
  const { wechat } = sandbox;
  for (const account of [SHOP, CRM, OA]) wechat.addAccount(account);
  app = await sandbox.run({
    WECHAT_ACCOUNTS: JSON.stringify(accounts),
    WECOM_API_BASE_URL: wechat.baseUrl,
    API_KEYS: apiKeys(
      ...Object.entries(KEYS).map(([id, key]) => ({ id, key, accounts: [id] })),
    ),
  });
  router = await routeTokensTo(app.url, wechat.baseUrl);
});
afterAll(async () => {
  await router[Symbol.asyncDispose]();
  await sandbox[Symbol.asyncDispose]();
});

const SHOPS = SHOP.appId;
const CRMS = fakeAppId(CRM);

/** The platform ends the token; another program reports that, and so the app has a new one. */
async function renewedForAnother(name: 'shop' | 'crm', appId: string) {
  const value = sandbox.wechat.currentToken(appId);
  sandbox.wechat.drop(appId);
  const url = `${app.url}/wechat-tokens/access_token:${name}/rejected`;
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${KEYS[name]}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ value }),
  });
  expect(response.ok).toBe(true);
}

it('co-wechat-api gets tickets, also when its copy of the token is dead', async () => {
  const { wechat } = sandbox;
  const api = new WechatAPI(SHOP.appId, KEYS.shop);
  api.prefix = `${router.url}/cgi-bin/`;
  const tickets = async () => [
    (await api.getTicket('jsapi')).ticket,
    (await api.getTicket('wx_card')).ticket,
  ];
  const expected = () => [
    wechat.currentTicket(SHOPS, 'jsapi'),
    wechat.currentTicket(SHOPS, 'wx_card'),
  ];
  expect(await tickets()).toEqual(expected());
  await renewedForAnother('shop', SHOPS);
  expect(await tickets()).toEqual(expected());
  await api.getMenu();
  expect(wechat.callsFor(SHOPS)).toMatchObject({ classic: 0, ticket: 2 });
  expect(wechat.issued(SHOPS)).toBe(2);
});

it('node-easywechat gets tickets of an official account and of a WeCom application', async () => {
  const { wechat, folder } = sandbox;
  const others = {
    http: { baseURL: router.url },
    file_cache: {
      path: folder,
      dirMode: 0o777,
      fileMode: 0o666,
      ext: '.cache',
    },
  };
  const shop = new OfficialAccount({
    app_id: SHOP.appId,
    secret: KEYS.shop,
    ...others,
  });
  expect(await shop.getTicket().getTicket()).toBe(
    wechat.currentTicket(SHOPS, 'jsapi'),
  );
  const crm = new Work({ corp_id: CRM.corpId, secret: KEYS.crm, ...others });
  expect(await crm.getAccessToken().getToken()).toBe(wechat.currentToken(CRMS));
  expect(await crm.getTicket().getTicket()).toBe(
    wechat.currentTicket(CRMS, 'corp'),
  );
  expect(await crm.getTicket().getAgentTicket(Number(CRM.agentId))).toBe(
    wechat.currentTicket(CRMS, 'agent'),
  );
  const menu = await crm.getClient().get('cgi-bin/menu/get');
  expect(menu.toObject()).toMatchObject({ errcode: 0 });
  expect(wechat.callsFor(CRMS)).toMatchObject({
    wecomToken: 1,
    wecomTicket: 2,
    business: 1,
  });
  // Another application of the corporation, with a key of its own.
  const oa = new Work({ corp_id: CRM.corpId, secret: KEYS.oa, ...others });
  expect(await oa.getAccessToken().getToken()).toBe(
    wechat.currentToken(fakeAppId(OA)),
  );
});

it('wechatpy.work gets tokens and tickets by its recipe, also when its copy of the token is dead', async () => {
  const { wechat } = sandbox;
  await using crm = await hostedWorkClient({
    url: app.url,
    wecomUrl: wechat.baseUrl,
    corpId: CRM.corpId,
    secret: KEYS.crm,
  });
  const expected = () => [
    wechat.currentTicket(CRMS, 'corp'),
    wechat.currentTicket(CRMS, 'agent'),
  ];
  expect(await crm.tickets()).toEqual(expected());
  await renewedForAnother('crm', CRMS);
  expect(await crm.tickets()).toEqual(expected());
  // The ticket's route has refused the dead token, so no call of WeCom was made with it.
  expect(wechat.refused).toBe(0);
  expect(wechat.issued(CRMS)).toBe(2);
  expect(wechat.callsFor(CRMS).wecomTicket).toBe(2);
});

it('the URLs that WxJava builds for WeCom are answered', async () => {
  // WxCpApiPathConsts.GET_TOKEN, GET_JSAPI_TICKET, GET_AGENT_CONFIG_TICKET; BaseWxCpServiceImpl adds the token.
  const get = async (path: string) => {
    const response = await fetch(app.url + path);
    expect(response.status).toBe(200);
    return (await response.json()) as { access_token?: string };
  };
  const { access_token = '' } = await get(
    `/cgi-bin/gettoken?corpid=${CRM.corpId}&corpsecret=${KEYS.crm}`,
  );
  const { wechat } = sandbox;
  expect(access_token).toBe(wechat.currentToken(CRMS));
  expect(
    await get(`/cgi-bin/get_jsapi_ticket?access_token=${access_token}`),
  ).toMatchObject({
    errcode: 0,
    ticket: wechat.currentTicket(CRMS, 'corp'),
  });
  expect(
    await get(
      `/cgi-bin/ticket/get?&type=agent_config&access_token=${access_token}`,
    ),
  ).toMatchObject({
    errcode: 0,
    ticket: wechat.currentTicket(CRMS, 'agent'),
  });
  const dead = { access_token: 'an-old-token', type: 'agent_config' };
  // One of the codes of WxConsts.ACCESS_TOKEN_ERROR_CODES.
  expect(await askShaped(`${app.url}/cgi-bin/ticket/get`, dead)).toMatchObject({
    errcode: 40014,
  });
});
