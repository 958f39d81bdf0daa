import { errorAnswer, json } from './error-answers.js';
import type { Answer } from './error-answers.js';
import { PlatformAccount } from './platform-account.js';
import { checkToken, field } from './platform-request.js';
import type { PlatformRequest } from './platform-request.js';
import type { Platform } from './platform.js';
import { WechatAccount } from './wechat-account.js';
import { WecomApplication } from './wecom-application.js';
import { wecomErrorAnswer } from './wecom-errors.js';

const ADDRESSES = ['203.0.113.10', '203.0.113.11'];
/** The calls that make a picture. Each answers with bytes, whose content type is `image/jpeg` whatever they are. */
const PICTURES = new Set(['/wxa/getwxacode', '/wxa/getwxacodeunlimit']);
const PICTURE = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsTj2FAAAAABJRU5ErkJggg==',
  'base64',
);

/** Any other API of WeChat or WeCom; which of them, the owner of the token tells. */
export function business(
  { method, path, query, body }: PlatformRequest,
  platform: Platform,
  now: number,
): Answer {
  const caller = checkToken(query, platform, now, PlatformAccount);
  if ('errcode' in caller) {
    const form = errorFormOf(query, platform);
    return form(caller.errcode, now);
  }
  if (path === '/cgi-bin/openapi/quota/get' && caller instanceof WechatAccount)
    return quota(method, field(body, 'cgi_path'), caller, now);
  if (path === '/cgi-bin/get_api_domain_ip')
    return json({ ip_list: ADDRESSES });
  if (PICTURES.has(path) && method === 'POST')
    return file({ 'content-type': 'image/jpeg' });
  const mediaId = query.get('media_id');
  if (path === '/cgi-bin/media/get' && mediaId)
    return file({
      'content-type': 'image/png',
      'content-disposition': `attachment; filename="${mediaId}.png"`,
    });
  return json({ errcode: 0, errmsg: 'ok', path, method, body });
}

/** How often an endpoint was called today, by its path without the host. */
function quota(
  method: string,
  path: unknown,
  caller: WechatAccount,
  now: number,
): Answer {
  if (method !== 'POST') return errorAnswer(43002, now);
  const usage = caller.usage(String(path), now);
  if (!usage)
    return errorAnswer(76021, now, 'cgi_path not found, please check');
  const { used, limit } = usage;
  const left = { daily_limit: limit, used, remain: limit - used };
  return json({ errcode: 0, errmsg: 'ok', quota: left });
}

function file(headers: Readonly<Record<string, string>>): Answer {
  return { status: 200, body: PICTURE, headers };
}

/** The form of the errors of a business call: WeCom's for its tokens, else WeChat's. */
export function errorFormOf(
  query: URLSearchParams,
  platform: Platform,
): typeof errorAnswer {
  const owner = platform.ownerOf(query.get('access_token') ?? '');
  return owner instanceof WecomApplication ? wecomErrorAnswer : errorAnswer;
}
