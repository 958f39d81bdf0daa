import {
  DEFAULT_FAKE_ACCOUNT,
  DEFAULT_FAKE_WECOM_ACCOUNT,
  type FakeWechat,
  type FakeWechatOptions,
} from '../../src/testing/index.js';
import type { ConfiguredAccount } from '../../src/wechat-token/index.js';

/** A kind of token that the platform gives again, with a whole life each time, beside the access tokens of WeChat. */
export interface KindOfToken {
  readonly title: string;
  readonly accounts: readonly ConfiguredAccount[];
  readonly name: string;
  /** How the platform counts the calls for it. */
  readonly call: 'wecomToken' | 'ticket' | 'wecomTicket';
  /** And those for the token that it is made from. */
  readonly inputCall?: 'stable' | 'wecomToken';
  readonly accepts: (wechat: FakeWechat, value: string) => boolean;
  readonly issued: (wechat: FakeWechat) => number;
}

/** A platform that knows all of these accounts. */
export const PLATFORM: FakeWechatOptions = {
  accounts: [DEFAULT_FAKE_ACCOUNT, DEFAULT_FAKE_WECOM_ACCOUNT],
};

const ofTickets = {
  accepts: (wechat: FakeWechat, value: string) => wechat.acceptsTicket(value),
  issued: (wechat: FakeWechat) => wechat.ticketsIssued(),
};

export const KINDS_OF_TOKEN: readonly KindOfToken[] = [
  {
    title: 'a ticket of WeChat',
    accounts: [{ ...DEFAULT_FAKE_ACCOUNT, tickets: ['jsapi'] }],
    name: 'jsapi_ticket',
    call: 'ticket',
    inputCall: 'stable',
    ...ofTickets,
  },
  {
    title: 'an access token of WeCom',
    accounts: [{ kind: 'wecom', ...DEFAULT_FAKE_WECOM_ACCOUNT }],
    name: 'access_token',
    call: 'wecomToken',
    accepts: (wechat, value) => wechat.accepts(value),
    issued: (wechat) => wechat.issued(),
  },
  {
    title: 'a ticket of WeCom',
    accounts: [
      { kind: 'wecom', ...DEFAULT_FAKE_WECOM_ACCOUNT, tickets: ['corp'] },
    ],
    name: 'corp_ticket',
    call: 'wecomTicket',
    inputCall: 'wecomToken',
    ...ofTickets,
  },
];
