import { business, errorFormOf } from './business-calls.js';
import { errorAnswer } from './error-answers.js';
import type { Answer } from './error-answers.js';
import type { Endpoint } from './faults.js';
import { field } from './platform-request.js';
import type { PlatformRequest } from './platform-request.js';
import type { Platform } from './platform.js';
import { classic, stable, ticket } from './wechat-calls.js';
import {
  appIdOfSecret,
  GET_JSAPI_TICKET,
  wecomTicket,
  wecomToken,
} from './wecom-calls.js';
import { wecomErrorAnswer } from './wecom-errors.js';

const ENDPOINTS: ReadonlyMap<string, Endpoint> = new Map([
  ['/cgi-bin/token', 'classic'],
  ['/cgi-bin/stable_token', 'stable'],
  ['/cgi-bin/ticket/getticket', 'ticket'],
  ['/cgi-bin/gettoken', 'wecomToken'],
  [GET_JSAPI_TICKET, 'wecomTicket'],
  ['/cgi-bin/ticket/get', 'wecomTicket'],
]);
const BUSINESS = /^\/(?:cgi-bin|wxa|sns)\/./;

/** The endpoint of a path; undefined for an unknown path (HTTP 404). */
export function endpointOf(path: string): Endpoint | undefined {
  return ENDPOINTS.get(path) ?? (BUSINESS.test(path) ? 'business' : undefined);
}

/** The account of a request, from its credentials or its access token; undefined when unknown. */
export function appIdOf(
  request: PlatformRequest,
  platform: Platform,
): string | undefined {
  const { query } = request;
  switch (endpointOf(request.path)) {
    case 'classic':
      return query.get('appid') ?? undefined;
    case 'stable': {
      const appId = field(request.body, 'appid');
      return typeof appId === 'string' ? appId : undefined;
    }
    case 'wecomToken':
      return appIdOfSecret(query, platform);
    default:
      return platform.ownerOf(query.get('access_token') ?? '')?.appId;
  }
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
    case 'wecomToken':
      return wecomToken(request, platform, now);
    case 'wecomTicket':
      return wecomTicket(request, platform, now);
    default:
      return { status: 404, body: 'Not Found' };
  }
}

/** An error, without executing the request, in the form of the platform that it calls. */
export function refuse(
  request: PlatformRequest,
  platform: Platform,
  now: number,
  error: { readonly errcode: number; readonly errmsg?: string },
): Answer {
  const form = formOf(request, platform);
  return form(error.errcode, now, error.errmsg);
}

function formOf(
  { path, query }: PlatformRequest,
  platform: Platform,
): typeof errorAnswer {
  switch (endpointOf(path)) {
    case 'wecomToken':
    case 'wecomTicket':
      return wecomErrorAnswer;
    case 'business':
      return errorFormOf(query, platform);
    default:
      return errorAnswer;
  }
}
