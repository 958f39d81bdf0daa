import { errorAnswer, json } from './error-answers.js';
import type { Answer } from './error-answers.js';
import type { Refusal } from './platform-account.js';
import { checkToken, field } from './platform-request.js';
import type { PlatformRequest } from './platform-request.js';
import type { Platform } from './platform.js';
import { WECHAT_TICKET_TYPES } from './ticket-space.js';
import type { TokenGrant } from './token-space.js';
import { WechatAccount } from './wechat-account.js';

interface Credentials {
  readonly grantType: unknown;
  readonly appId: unknown;
  readonly secret: unknown;
}

/** Whether a stable request asks for a forced refresh. */
export function asksForForce(request: PlatformRequest): boolean {
  return field(request.body, 'force_refresh') === true;
}

/** GET /cgi-bin/token */
export function classic(
  { query }: PlatformRequest,
  platform: Platform,
  now: number,
): Answer {
  const checked = checkCredentials(platform, {
    grantType: query.get('grant_type'),
    appId: query.get('appid'),
    secret: query.get('secret'),
  });
  if ('errcode' in checked) return errorAnswer(checked.errcode, now);
  return tokenAnswer(checked.classicToken(now), now);
}

/** POST /cgi-bin/stable_token */
export function stable(
  request: PlatformRequest,
  platform: Platform,
  now: number,
): Answer {
  if (request.method !== 'POST') return errorAnswer(43002, now);
  const { body } = request;
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return errorAnswer(47001, now);
  }
  const checked = checkCredentials(platform, {
    grantType: field(body, 'grant_type'),
    appId: field(body, 'appid'),
    secret: field(body, 'secret'),
  });
  if ('errcode' in checked) return errorAnswer(checked.errcode, now);
  const mode = asksForForce(request) ? 'force' : 'normal';
  return tokenAnswer(checked.stableToken(now, mode), now);
}

/** GET /cgi-bin/ticket/getticket */
export function ticket(
  { query }: PlatformRequest,
  platform: Platform,
  now: number,
): Answer {
  const caller = checkToken(query, platform, now, WechatAccount);
  if ('errcode' in caller) return errorAnswer(caller.errcode, now);
  const type = WECHAT_TICKET_TYPES.find((known) => known === query.get('type'));
  if (!type) {
    // The documentation does not define this case.
    return {
      status: 501,
      body: 'FakeWechat models type=jsapi and type=wx_card.',
    };
  }
  const granted = caller.ticket(type, now);
  if ('errcode' in granted) return errorAnswer(granted.errcode, now);
  return ticketAnswer(granted);
}

/** The answer of every ticket endpoint of both platforms. */
export function ticketAnswer({ value, expiresIn }: TokenGrant): Answer {
  return json({
    errcode: 0,
    errmsg: 'ok',
    ticket: value,
    expires_in: expiresIn,
  });
}

/** The account with these credentials, or the refusal. */
function checkCredentials(
  platform: Platform,
  { grantType, appId, secret }: Credentials,
): WechatAccount | Refusal {
  if (grantType !== 'client_credential') return { errcode: 40002 };
  if (typeof appId !== 'string' || !appId) return { errcode: 41002 };
  const account = platform.find(appId);
  if (!(account instanceof WechatAccount)) return { errcode: 40013 };
  if (typeof secret !== 'string' || !secret) return { errcode: 41004 };
  return account.hasSecret(secret) ? account : { errcode: 40125 };
}

function tokenAnswer(granted: TokenGrant | Refusal, now: number): Answer {
  return 'errcode' in granted
    ? errorAnswer(granted.errcode, now)
    : json({ access_token: granted.value, expires_in: granted.expiresIn });
}
