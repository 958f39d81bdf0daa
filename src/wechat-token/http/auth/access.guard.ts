// Who may send a request?

import {
  type CanActivate,
  type ExecutionContext,
  Injectable,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { ApiScope } from '../../common/settings.js';
import type { HttpRequest } from '../problem/http-request.js';
import { ApiKeyAuthenticator } from './api-key-authenticator.js';
import { AppGuards } from './app-guards.js';
import { callerByKey } from './caller-by-key.js';
import { rememberCaller, requireAccount } from './caller.js';

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
    const scope = this.reflector.get(RequiredScope, context.getHandler());
    const caller = this.appGuards.isEmpty
      ? await callerByKey(this.apiKeys, request, scope)
      : await this.appGuards.authenticate(context);
    requireAccount(caller, request);
    rememberCaller(request, caller);
    return true;
  }
}
