import { THEN_REFRESH, THEN_RESTART } from '../../sources/advice.js';
import type { Errcodes, Reaction } from '../../sources/errcodes.js';

const HOUR = 3600;
const REJECTED: Reaction = { class: 'rejected' };
const ACCOUNT: Reaction = { class: 'account' };
const SECRET: Reaction = {
  class: 'credentials',
  advice: `Correct the appSecret (WECHAT_APP_SECRET or its file, or appSecret in WECHAT_ACCOUNTS) ${THEN_RESTART}`,
};
/** A field was missing, or the method was wrong: the request was damaged on its way, which is the fault of no credentials. */
const DAMAGED: Reaction = {
  class: 'transient',
  advice:
    'WeChat did not get the request as it was sent: check api.baseUrl (WECHAT_API_BASE_URL) and any proxies in between. It will be retried automatically.',
};
/**
 * For official accounts the whitelist covers every call; for mini programs and mini games only those that carry the AppSecret.
 * @see https://developers.weixin.qq.com/doc/oplatform/developers/basic_func/ip_whitelist
 */
const NEW_IP: Reaction = { class: 'ip', waitSeconds: 600 };

/** The administrator of the account has to confirm this IP address. */
function unconfirmedIp(waitSeconds: number): Reaction {
  const advice =
    "The account's administrator must confirm this machine's IP, for which WeChat has sent a message, or add it to the whitelist in WeChat's console; it will be retried automatically, but not at once.";
  return { class: 'ip', waitSeconds, mustEnd: true, advice };
}

/** The administrator of the account has refused this IP address. */
function refusedIp(waitSeconds: number): Reaction {
  const advice =
    "The account's administrator has refused this machine's IP, and WeChat blocks it for a time: it will be retried after that. Use another IP, or have this one confirmed, then refresh the token, in the console of these tokens or by TokenRefresher.refresh.";
  return { class: 'ip', waitSeconds, mustEnd: true, advice };
}

const BOTH: readonly (readonly [number, Reaction])[] = [
  [-1, { class: 'transient' }],
  [40002, DAMAGED],
  [
    40013,
    {
      class: 'credentials',
      advice: `Correct the appId (WECHAT_APP_ID, or appId in WECHAT_ACCOUNTS) ${THEN_RESTART}`,
    },
  ],
  [40014, REJECTED],
  [40125, SECRET],
  [40164, NEW_IP],
  [
    40243,
    {
      class: 'credentials',
      advice: `The AppSecret is frozen: unfreeze it in WeChat's console, which takes 10 minutes to apply, ${THEN_REFRESH}`,
    },
  ],
  [41002, DAMAGED],
  [41004, DAMAGED],
  [42001, REJECTED],
  [42007, ACCOUNT],
  [43002, DAMAGED],
  [45009, { class: 'quota', mustEnd: true }],
  [45011, { class: 'transient', waitSeconds: 60 }],
  [48004, ACCOUNT],
  [50002, ACCOUNT],
  [50004, ACCOUNT],
  [61004, NEW_IP],
  [61005, { class: 'transient' }],
  [61006, { class: 'transient' }],
  [61023, ACCOUNT],
  [89501, unconfirmedIp(600)],
  [89502, unconfirmedIp(600)],
  [89503, unconfirmedIp(HOUR)],
  [89504, unconfirmedIp(600)],
  [89505, unconfirmedIp(600)],
  [89506, refusedIp(24 * HOUR)],
  [89507, refusedIp(HOUR)],
];

/**
 * The codes of `api.weixin.qq.com` for a call with the AppSecret, where 40001 means that the secret is wrong.
 * @see https://developers.weixin.qq.com/doc/service/api/base/api_getaccesstoken
 * @see https://developers.weixin.qq.com/doc/store/API/basics/commErrCode.html
 */
export const WECHAT_SECRET_ERRCODES: Errcodes = new Map([
  ...BOTH,
  [40001, SECRET],
]);

/** The codes of `api.weixin.qq.com` for a call with a token, where 40001 means that the token is not the latest. */
export const WECHAT_TOKEN_ERRCODES: Errcodes = new Map([
  ...BOTH,
  [40001, REJECTED],
]);

/** As {@link WECHAT_TOKEN_ERRCODES}, for tickets: an account that may not have one is not asked for it all day. */
export const WECHAT_TICKET_ERRCODES: Errcodes = new Map([
  ...WECHAT_TOKEN_ERRCODES,
  [
    48001,
    {
      class: 'account',
      advice: `The account may not have this ticket: see its permissions in WeChat's console, or remove the ticket from its setting \`tickets\`, ${THEN_REFRESH}`,
    },
  ],
]);
