import { messages } from '../../common/messages.js';
import type { ApiScope } from '../../common/settings.js';
import { HttpProblem } from '../problem/http-problem.js';
import type { HttpRequest } from '../problem/http-request.js';
import type { ApiKeyAuthenticator } from './api-key-authenticator.js';
import { type Caller, requireAccount } from './caller.js';

/** As {@link callerByKey}; the key must allow the account that the path names as well. */
export function authorizedByKey(
  apiKeys: ApiKeyAuthenticator,
  request: HttpRequest,
  scope: ApiScope,
): Caller {
  const caller = callerByKey(apiKeys, request, scope);
  requireAccount(caller, request);
  return caller;
}

/** The sender of a request, by the API key in its headers. @throws HttpProblem without a valid key that has the scope */
export function callerByKey(
  apiKeys: ApiKeyAuthenticator,
  request: HttpRequest,
  scope: ApiScope,
): Caller {
  const key = apiKeyIn(request);
  if (key === undefined) throw new HttpProblem(401, messages.keyMissing());
  const { client, retryAfter } = apiKeys.authenticate(key, request.ip);
  if (retryAfter !== undefined)
    throw new HttpProblem(429, messages.wrongKeysTooOften(), { retryAfter });
  if (!client) throw new HttpProblem(401, messages.keyWrong());
  if (!client.scopes.includes(scope))
    throw new HttpProblem(403, messages.scopeMissing(scope));
  return { actor: client.id, accounts: client.accounts };
}

/** Reads the headers only: URLs end up in the logs of proxies. */
function apiKeyIn({ headers }: HttpRequest): string | undefined {
  const bearer = /^Bearer +(.+)$/i.exec(String(headers['authorization'] ?? ''));
  const key = bearer?.[1] ?? headers['x-api-key'];
  return typeof key === 'string' && key !== '' ? key : undefined;
}
