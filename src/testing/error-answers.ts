import { randomBytes } from 'node:crypto';

/** The response of an endpoint. WeChat's errors have HTTP status 200. */
export interface Answer {
  readonly status: number;
  readonly body: string | Uint8Array;
  /** In place of those of a JSON answer. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** An address reserved for documentation, never that of a real machine. */
export const CALLER_IP = '203.0.113.7';

/** The platform's message for each errcode, from its documentation or from reports of users. */
const ERRMSG: Readonly<Record<number, string>> = {
  [-1]: 'system error',
  40001: 'invalid credential, access_token is invalid or not latest',
  40002: 'invalid grant_type',
  40013: 'invalid appid',
  40014: 'invalid access_token',
  40125: 'invalid appsecret',
  40164: `invalid ip ${CALLER_IP} ipv6 ::ffff:${CALLER_IP}, not in whitelist`,
  40243: 'AppSecret已被冻结，请解冻后再次调用',
  41001: 'access_token missing',
  41002: 'appid missing',
  41004: 'appsecret missing',
  42001: 'access_token expired',
  42007: 'access_token and refresh_token exception',
  43002: 'require POST method',
  45009: 'reach max api daily quota limit',
  45011: 'api minute-quota reach limit, must slower, retry next minute',
  45015: 'response out of time limit or subscription is canceled',
  46003: 'menu no exist',
  47001: 'data format error',
  48001: 'api unauthorized',
  48004: 'api forbidden for irregularities, view detail on mp.weixin.qq.com',
  50002: 'user limited',
  50004: '禁止使用 token 接口',
  61004: `access clientip is not registered requestIP: ${CALLER_IP}`,
  61005: 'component ticket is expired',
  61006: 'component ticket is invalid',
  61023: 'refresh_token is invalid',
  89501: '此IP正在等待管理员确认，请联系管理员',
  89502: '此IP正在等待管理员确认，请联系管理员',
  89503: '此IP调用需要管理员确认，请联系管理员',
  89504: '此IP正在等待管理员确认，请联系管理员',
  89505: '此IP正在等待管理员确认，请联系管理员',
  89506: '24小时内该IP被管理员拒绝调用两次，24小时内不可再使用该IP调用',
  89507: '1小时内该IP被管理员拒绝调用一次，1小时内不可再使用该IP调用',
};

/** Every errcode of api.weixin.qq.com for which the fake has a message. */
export const KNOWN_ERRCODES: readonly number[] =
  Object.keys(ERRMSG).map(Number);

/** The platform's message for an errcode, without the rid. */
export function errmsgFor(errcode: number): string {
  return ERRMSG[errcode] ?? 'unknown error';
}

/** An error response `{errcode, errmsg}`; as with WeChat, the message ends with a request id. */
export function errorAnswer(
  errcode: number,
  now: number,
  errmsg = errmsgFor(errcode),
): Answer {
  return json({ errcode, errmsg: `${errmsg} rid: ${requestId(now)}` });
}

export function json(value: object): Answer {
  return { status: 200, body: JSON.stringify(value) };
}

/** The first of a rid's three parts is the time in seconds, in hex. */
function requestId(now: number): string {
  const seconds = Math.floor(now / 1000)
    .toString(16)
    .padStart(8, '0');
  const random = randomBytes(8).toString('hex');
  return `${seconds}-${random.slice(0, 8)}-${random.slice(8)}`;
}
