// Who may send a request?

import {
  type CanActivate,
  type ExecutionContext,
  Injectable,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { messages } from '../../common/messages.js';
import type { ApiScope } from '../../common/settings.js';
import { parseTokenName } from '../../common/token-name.js';
import { HttpProblem } from '../problem/http-problem.js';
import type { HttpRequest } from '../problem/http-request.js';
import { ApiKeyAuthenticator } from './api-key-authenticator.js';
import { AppGuards } from './app-guards.js';
import { type Caller, canUseAccount, rememberCaller } from './caller.js';

/** The scope that an API key needs for a route. */
export const RequiredScope = Reflector.createDecorator<ApiScope>();

/** Requires an API key with the route's scope and the token's account, or the consent of the app's own guards. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly apiKeys: ApiKeyAuthenticator,
    private readonly appGuards: AppGuards,
    private readonly reflector: Reflector,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<HttpRequest>();
    const caller = this.appGuards.isEmpty
      ? this.callerByKey(context, request)
      : await this.appGuards.authenticate(context);
    const { name } = request.params;
    // Unknown accounts get the same response, so that a caller cannot find out which accounts exist.
    if (
      name !== undefined &&
      !canUseAccount(caller, parseTokenName(name).account)
    )
      throw new HttpProblem(403, messages.accountForbidden());
    rememberCaller(request, caller);
    return true;
  }

  private callerByKey(context: ExecutionContext, request: HttpRequest): Caller {
    const key = apiKeyIn(request);
    if (key === undefined) throw new HttpProblem(401, messages.keyMissing());
    const { client, retryAfter } = this.apiKeys.authenticate(key, request.ip);
    if (retryAfter !== undefined)
      throw new HttpProblem(429, messages.wrongKeysTooOften(), { retryAfter });
    if (!client) throw new HttpProblem(401, messages.keyWrong());
    const scope = this.reflector.get(RequiredScope, context.getHandler());
    if (!client.scopes.includes(scope))
      throw new HttpProblem(403, messages.scopeMissing(scope));
    return { actor: client.id, accounts: client.accounts };
  }
}

/** Reads the headers only: URLs end up in the logs of proxies. */
function apiKeyIn({ headers }: HttpRequest): string | undefined {
  const bearer = /^Bearer +(.+)$/i.exec(String(headers['authorization'] ?? ''));
  const key = bearer?.[1] ?? headers['x-api-key'];
  return typeof key === 'string' && key !== '' ? key : undefined;
}
