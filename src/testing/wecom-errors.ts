import { randomInt } from 'node:crypto';
import { CALLER_IP, json } from './error-answers.js';
import type { Answer } from './error-answers.js';

/** WeCom's message for each errcode; the numbers mean other things than on api.weixin.qq.com. */
const ERRMSG: Readonly<Record<number, string>> = {
  [-1]: 'system error',
  40001: 'invalid credential',
  40013: 'invalid corpid',
  40014: 'invalid access_token',
  40058: 'invalid Request Parameter',
  40078: 'invalid temporary auth code',
  40080: 'invalid suite_secret',
  40082: 'invalid suite_token',
  40083: 'invalid suite_id',
  40084: 'invalid permanent_code',
  40085: 'invalid suite_ticket',
  40091: 'invalid secret',
  40093: 'invalid jsapi_ticket',
  41001: 'access_token missing',
  41002: 'corpid missing',
  41004: 'corpsecret missing',
  41021: 'suite_id missing',
  41022: 'suite_token missing',
  41023: 'suite_ticket missing',
  41024: 'secret missing',
  41025: 'permanent_code missing',
  42001: 'access_token expired',
  42007: 'pre_auth_code expired',
  42009: 'suite_access_token expired',
  45009: 'api freq out of limit',
  45033: 'api concurrent out of limit',
  50002: 'member not in the permission scope',
  50003: 'application disabled',
  60020: 'not allow to access from your ip',
  301002: 'not allow operate another agent with this accesstoken',
};

/** Every errcode of WeCom for which the fake has a message. */
export const KNOWN_WECOM_ERRCODES: readonly number[] =
  Object.keys(ERRMSG).map(Number);

/** WeCom's message for an errcode, without the hint, the IP and the link. */
export function wecomErrmsgFor(errcode: number): string {
  return ERRMSG[errcode] ?? 'unknown error';
}

/** An error response of WeCom: `{errcode, errmsg}`, where the message ends with a hint id, the caller's IP and a link. */
export function wecomErrorAnswer(
  errcode: number,
  now: number,
  errmsg = wecomErrmsgFor(errcode),
): Answer {
  return json({
    errcode,
    errmsg: `${errmsg}, hint: [${hint(now)}], from ip: ${CALLER_IP}, more info at https://open.work.weixin.qq.com/devtool/query?e=${errcode}`,
  });
}

/** The time in seconds, then 15 random digits. */
function hint(now: number): string {
  const random = String(randomInt(2 ** 47)).padStart(15, '0');
  return `${Math.floor(now / 1000)}${random}`;
}
