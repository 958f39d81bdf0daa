import { errorAnswer, json } from './error-answers.js';
import type { Answer } from './error-answers.js';
import type { Endpoint } from './faults.js';
import { TICKET_TYPES } from './platform-account.js';
import type { PlatformAccount, Refusal } from './platform-account.js';
import type { Platform } from './platform.js';
import type { TokenGrant } from './token-space.js';

/** A request to the platform. */
export interface PlatformRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** The parsed body if it is JSON, else its text; null without a body. */
  readonly body: unknown;
}

interface Credentials {
  readonly grantType: unknown;
  readonly appId: unknown;
  readonly secret: unknown;
}

const ADDRESSES = ['203.0.113.10', '203.0.113.11'];
/** The calls that make a picture. Each answers with bytes, whose content type is `image/jpeg` whatever they are. */
const PICTURES = new Set(['/wxa/getwxacode', '/wxa/getwxacodeunlimit']);
const PICTURE = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsTj2FAAAAABJRU5ErkJggg==',
  'base64',
);
const BUSINESS = /^\/(?:cgi-bin|wxa|sns)\/./;

/** The endpoint of a path; undefined for an unknown path (HTTP 404). */
export function endpointOf(path: string): Endpoint | undefined {
  if (path === '/cgi-bin/token') return 'classic';
  if (path === '/cgi-bin/stable_token') return 'stable';
  if (path === '/cgi-bin/ticket/getticket') return 'ticket';
  return BUSINESS.test(path) ? 'business' : undefined;
}

/** The appid of a request, from its credentials or its access token; undefined when unknown. */
export function appIdOf(
  request: PlatformRequest,
  platform: Platform,
): string | undefined {
  const endpoint = endpointOf(request.path);
  if (endpoint === 'classic') return request.query.get('appid') ?? undefined;
  if (endpoint === 'stable') {
    const appId = field(request.body, 'appid');
    return typeof appId === 'string' ? appId : undefined;
  }
  return platform.ownerOf(request.query.get('access_token') ?? '')?.appId;
}

/** Whether a stable request asks for a forced refresh. */
export function asksForForce(request: PlatformRequest): boolean {
  return field(request.body, 'force_refresh') === true;
}

/** Executes a request and returns the platform's response. */
export function answer(
  request: PlatformRequest,
  platform: Platform,
  now: number,
): Answer {
  switch (endpointOf(request.path)) {
    case 'classic':
      return classic(request, platform, now);
    case 'stable':
      return stable(request, platform, now);
    case 'ticket':
      return ticket(request, platform, now);
    case 'business':
      return business(request, platform, now);
    default:
      return { status: 404, body: 'Not Found' };
  }
}

function classic(
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

function stable(
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

function ticket(
  { query }: PlatformRequest,
  platform: Platform,
  now: number,
): Answer {
  const caller = checkToken(query, platform, now);
  if ('errcode' in caller) return errorAnswer(caller.errcode, now);
  const type = TICKET_TYPES.find((known) => known === query.get('type'));
  if (!type) {
    // The documentation does not define this case.
    return {
      status: 501,
      body: 'FakeWechat models type=jsapi and type=wx_card.',
    };
  }
  const granted = caller.ticket(type, now);
  if ('errcode' in granted) return errorAnswer(granted.errcode, now);
  return json({
    errcode: 0,
    errmsg: 'ok',
    ticket: granted.value,
    expires_in: granted.expiresIn,
  });
}

function business(
  { method, path, query, body }: PlatformRequest,
  platform: Platform,
  now: number,
): Answer {
  const caller = checkToken(query, platform, now);
  if ('errcode' in caller) return errorAnswer(caller.errcode, now);
  if (path === '/cgi-bin/openapi/quota/get')
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
  caller: PlatformAccount,
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

/** The account with these credentials, or the refusal. */
function checkCredentials(
  platform: Platform,
  { grantType, appId, secret }: Credentials,
): PlatformAccount | Refusal {
  if (grantType !== 'client_credential') return { errcode: 40002 };
  if (typeof appId !== 'string' || !appId) return { errcode: 41002 };
  const account = platform.find(appId);
  if (!account) return { errcode: 40013 };
  if (typeof secret !== 'string' || !secret) return { errcode: 41004 };
  return account.hasSecret(secret) ? account : { errcode: 40125 };
}

/** The account of the access token of a call, or the refusal. */
function checkToken(
  query: URLSearchParams,
  platform: Platform,
  now: number,
): PlatformAccount | Refusal {
  const token = query.get('access_token');
  const errcode = token ? platform.faultOf(token, now) : 41001;
  const account = token ? platform.ownerOf(token) : undefined;
  if (errcode === undefined && account) return account;
  platform.refused += 1;
  return { errcode: errcode ?? 40014 };
}

function tokenAnswer(granted: TokenGrant | Refusal, now: number): Answer {
  return 'errcode' in granted
    ? errorAnswer(granted.errcode, now)
    : json({ access_token: granted.value, expires_in: granted.expiresIn });
}

function field(body: unknown, name: string): unknown {
  return typeof body === 'object' && body !== null
    ? (body as Record<string, unknown>)[name]
    : undefined;
}
