import {
  type CanActivate,
  type ExecutionContext,
  Injectable,
  mixin,
  type Type,
} from '@nestjs/common';
import { messages } from '../../common/messages.js';
import type { ApiScope } from '../../common/settings.js';
import { HttpProblem } from '../problem/http-problem.js';
import type { HttpRequest } from '../problem/http-request.js';
import { ApiKeyAuthenticator } from './api-key-authenticator.js';
import { callerByKey } from './caller-by-key.js';

/**
 * A guard for a route of the app's own that shows all accounts, such as `/metrics`: it asks for one of the module's API keys, in
 * `Authorization: Bearer` or `X-API-Key`, that has the scope and is not limited to some accounts. Otherwise 401 or 403.
 */
export function ApiKeyGuard(scope: ApiScope): Type<CanActivate> {
  @Injectable()
  class ScopedGuard implements CanActivate {
    constructor(private readonly apiKeys: ApiKeyAuthenticator) {}

    async canActivate(context: ExecutionContext): Promise<boolean> {
      const request = context.switchToHttp().getRequest<HttpRequest>();
      const { accounts } = await callerByKey(this.apiKeys, request, scope);
      if (accounts) throw new HttpProblem(403, messages.accountForbidden());
      return true;
    }
  }
  return mixin(ScopedGuard);
}
