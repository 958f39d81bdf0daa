import { json } from './error-answers.js';
import type { Answer } from './error-answers.js';
import type { Refusal } from './platform-account.js';
import { checkToken } from './platform-request.js';
import type { PlatformRequest } from './platform-request.js';
import type { Platform } from './platform.js';
import type { TokenGrant } from './token-space.js';
import { ticketAnswer } from './wechat-calls.js';
import { WecomApplication } from './wecom-application.js';
import { wecomErrorAnswer } from './wecom-errors.js';

export const GET_JSAPI_TICKET = '/cgi-bin/get_jsapi_ticket';

/** GET /cgi-bin/gettoken */
export function wecomToken(
  { query }: PlatformRequest,
  platform: Platform,
  now: number,
): Answer {
  const granted = token(query, platform, now);
  if ('errcode' in granted) return wecomErrorAnswer(granted.errcode, now);
  return json({
    errcode: 0,
    errmsg: 'ok',
    access_token: granted.value,
    expires_in: granted.expiresIn,
  });
}

/** GET /cgi-bin/get_jsapi_ticket and GET /cgi-bin/ticket/get */
export function wecomTicket(
  { path, query }: PlatformRequest,
  platform: Platform,
  now: number,
): Answer {
  const caller = checkToken(query, platform, now, WecomApplication);
  if ('errcode' in caller) return wecomErrorAnswer(caller.errcode, now);
  const isCorp = path === GET_JSAPI_TICKET;
  if (!isCorp && query.get('type') !== 'agent_config') {
    // The documentation does not define this case.
    return { status: 501, body: 'FakeWechat models type=agent_config.' };
  }
  const granted = isCorp ? caller.corpTicket(now) : caller.ownTicket(now);
  if ('errcode' in granted) return wecomErrorAnswer(granted.errcode, now);
  return ticketAnswer(granted);
}

/**
 * The name by which a call of gettoken is counted: that of the application
 * whose secret it sends, or sent before a change; else the corp id.
 */
export function appIdOfSecret(
  query: URLSearchParams,
  platform: Platform,
): string | undefined {
  const corpId = query.get('corpid') ?? undefined;
  if (corpId === undefined) return undefined;
  const corp = platform.findCorp(corpId);
  return corp?.withAnySecret(query.get('corpsecret') ?? '')?.appId ?? corpId;
}

function token(
  query: URLSearchParams,
  platform: Platform,
  now: number,
): TokenGrant | Refusal {
  const corpId = query.get('corpid');
  if (!corpId) return { errcode: 41002 };
  const corp = platform.findCorp(corpId);
  if (!corp) return { errcode: 40013 };
  const secret = query.get('corpsecret');
  if (!secret) return { errcode: 41004 };
  return corp.withSecret(secret)?.token(now) ?? { errcode: 40001 };
}
