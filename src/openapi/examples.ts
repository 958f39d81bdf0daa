import type { Examples } from './openapi.types.js';

const NOW = '4b97ab73';
const BEFORE = '26487a16';

const own = {
  name: 'access_token',
  account: 'default',
  appId: 'wx0123456789abcdef',
  agentId: null,
  kind: 'official-account',
  platform: 'WeChat',
  source: 'stable',
  canForce: true,
  status: 'valid',
  fingerprint: NOW,
  masked: '90_W…vvZe',
  issuedAt: '2026-11-23T08:00:00.120Z',
  refreshAt: '2026-11-23T09:55:09.400Z',
  expiresAt: '2026-11-23T10:00:00.120Z',
  expiresIn: 7106,
  version: 1795420800120,
  lease: null,
  lastError: null,
  failureCount: 0,
  nextAttemptAt: null,
  forcedToday: 1,
};

const shop = {
  ...own,
  name: 'access_token:shop',
  account: 'shop',
  appId: 'wxfedcba9876543210',
  kind: 'mini-program',
  status: 'cooling-down',
  fingerprint: BEFORE,
  masked: '90_m…CPJZ',
  expiresIn: 204,
  lastError: {
    class: 'quota',
    errcode: 45009,
    message:
      'WeChat answered 45009 "reach max api daily quota limit". The daily quota is exhausted and resets at midnight, China time; it will be retried automatically. Check what else fetches tokens for this appid.',
    at: '2026-11-23T08:01:36.018Z',
  },
  failureCount: 1,
  nextAttemptAt: '2026-11-23T16:00:07.250Z',
  forcedToday: 0,
};

const ticket = {
  ...own,
  name: 'jsapi_ticket',
  source: 'jsapi',
  canForce: false,
  fingerprint: '0c9de1f6',
  masked: 'kgt8…9aQw',
  forcedToday: 0,
};

const crm = {
  ...own,
  name: 'access_token:crm',
  account: 'crm',
  appId: 'ww0123456789abcdef',
  agentId: '1000002',
  kind: 'wecom',
  platform: 'WeCom',
  source: 'wecom',
  canForce: false,
  fingerprint: 'e1a5c07b',
  masked: 'Rb2s…xT4E',
  forcedToday: 0,
};

export const tokenExample: Examples = {
  valid: { summary: 'Valid', value: own },
  ticket: { summary: 'A ticket', value: ticket },
  wecom: { summary: 'Of an application of WeCom', value: crm },
  coolingDown: { summary: "The day's quota is used up", value: shop },
  refreshing: {
    summary: 'A replica is renewing the token',
    value: {
      ...own,
      status: 'refreshing',
      lease: {
        owner: 'web-1:14092:5a98d6cd',
        until: '2026-11-23T09:55:40.000Z',
      },
    },
  },
};

export const tokenPageExample: Examples = {
  last: {
    summary: 'The only page',
    value: { items: [own, crm, shop, ticket], next: null },
  },
  first: {
    summary: 'The first of several pages',
    value: { items: [own], next: 'access_token' },
  },
};

const frame = (id: number, data: object, type = 'token') =>
  `event: ${type}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`;

export const streamExample = {
  renewed: {
    summary: 'A token, before and after its renewal',
    value:
      frame(1, { ...own, fingerprint: BEFORE, version: 1795413600087 }) +
      frame(2, { names: [own.name], next: null }, 'page') +
      frame(3, own),
  },
};

export const eventsExample: Examples = {
  forced: {
    summary: 'A renewal forced by an operator',
    value: {
      items: [
        {
          id: 1043,
          at: '2026-11-23T08:00:00.150Z',
          type: 'refreshed',
          actor: 'operator',
          fingerprint: NOW,
          latencyMs: 33,
          detail: null,
        },
        {
          id: 1042,
          at: '2026-11-23T08:00:00.101Z',
          type: 'forced',
          actor: 'operator',
          fingerprint: BEFORE,
          latencyMs: null,
          detail: null,
        },
        {
          id: 1041,
          at: '2026-11-23T08:00:00.080Z',
          type: 'asked',
          actor: 'operator',
          fingerprint: null,
          latencyMs: null,
          detail: 'forced: leaked in a log',
        },
      ],
      next: 1041,
    },
  },
  reported: {
    summary: 'A report of a token that had been replaced already',
    value: {
      items: [
        {
          id: 1047,
          at: '2026-11-23T08:00:02.310Z',
          type: 'reported',
          actor: 'billing',
          fingerprint: BEFORE,
          latencyMs: null,
          detail: `late report; the current token is ${NOW}`,
        },
      ],
      next: null,
    },
  },
};

const outcome = {
  outcome: 'refreshed',
  name: 'access_token',
  fingerprint: NOW,
  version: 1795420800120,
  expiresIn: 7200,
};

export const forcedOutcomeExample: Examples = {
  refreshed: { summary: 'A new token', value: outcome },
  unchanged: {
    summary: 'WeChat returned the same token',
    value: { ...outcome, outcome: 'unchanged', expiresIn: 7106 },
  },
  superseded: {
    summary: 'The token had been renewed already',
    value: { ...outcome, outcome: 'superseded', expiresIn: 7106 },
  },
};

export const servedTokenExample: Examples = {
  token: {
    summary: 'The token',
    value: {
      name: 'access_token',
      value: 'a-token-of-wechat',
      expiresIn: 7106,
      expiresAt: '2026-11-23T10:00:00.120Z',
      version: 1795420800120,
    },
  },
  ticket: {
    summary: 'A ticket',
    value: {
      name: 'jsapi_ticket:shop',
      value: 'a-ticket-of-wechat',
      expiresIn: 5404,
      expiresAt: '2026-11-23T09:31:38.090Z',
      version: 1795419098090,
    },
  },
};
