import { messages } from '../../common/messages.js';
import type { ApiScope } from '../../common/settings.js';
import { HttpProblem } from '../problem/http-problem.js';
import type { HttpRequest } from '../problem/http-request.js';
import type { ApiKeyAuthenticator, WrongKey } from './api-key-authenticator.js';
import { type Caller, requireAccount } from './caller.js';

/** Answers the sender of a request, whose key must allow the account that the path names as well. */
export function answerByKey(
  apiKeys: ApiKeyAuthenticator,
  request: HttpRequest,
  scope: ApiScope,
  answer: (caller: Caller) => unknown,
): unknown {
  const caller = callerByKey(apiKeys, request, scope);
  if (caller instanceof Promise) return caller;
  requireAccount(caller, request);
  return answer(caller);
}

/**
 * The sender of a request, by the API key in its headers; for a wrong key a promise that rejects after a while.
 * @throws HttpProblem without a valid key that has the scope
 */
export function callerByKey(
  apiKeys: ApiKeyAuthenticator,
  request: HttpRequest,
  scope: ApiScope,
): Caller | Promise<never> {
  const key = apiKeyIn(request);
  if (key === undefined) throw new HttpProblem(401, messages.keyMissing());
  const client = apiKeys.authenticate(key, request);
  if (client instanceof Promise) return client.then(refuse);
  if (!client.scopes.includes(scope))
    throw new HttpProblem(403, messages.scopeMissing(scope));
  return {
    actor: client.id,
    accounts: client.accounts,
    isCurrent: () => apiKeys.isCurrent(client),
  };
}

function refuse({ retryAfter }: WrongKey): never {
  throw retryAfter === undefined
    ? new HttpProblem(401, messages.keyWrong())
    : new HttpProblem(429, messages.wrongKeysTooOften(), { retryAfter });
}

/** Reads the headers only: URLs end up in the logs of proxies. */
function apiKeyIn({ headers }: HttpRequest): string | undefined {
  const bearer = /^Bearer +(.+)$/i.exec(String(headers['authorization'] ?? ''));
  const key = bearer?.[1] ?? headers['x-api-key'];
  return typeof key === 'string' && key !== '' ? key : undefined;
}
