// Who may send a request?

import {
  type CanActivate,
  type ExecutionContext,
  Injectable,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { parseTokenName } from '../../common/token-name.js';
import { messages } from '../../common/messages.js';
import { WechatTokenSettings } from '../../common/settings.js';
import { AdmissionDesk } from './admission.js';
import { ApiKeys } from './api-keys.js';
import { AppGuards } from './app-guards.js';
import { type Caller, mayUse, remember } from './caller.js';
import { HttpProblem, NotMounted } from '../problem/http-problem.js';
import type { HttpRequest } from '../problem/http-request.js';
import { Group, Needs } from './routes.js';

/** Who gets in: by an API key with the route's scope and the token's account, or by the guards of a larger app. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly settings: WechatTokenSettings,
    private readonly keys: ApiKeys,
    private readonly desk: AdmissionDesk,
    private readonly appGuards: AppGuards,
    private readonly reflector: Reflector,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<HttpRequest>();
    if (!this.isMounted(context)) throw new NotMounted(request);
    const caller = this.appGuards.isEmpty
      ? await this.byKey(context, request)
      : await this.appGuards.admit(context);
    const { name } = request.params;
    // Said of every other account alike, so that nobody learns which ones there are.
    if (name !== undefined && !mayUse(caller, parseTokenName(name).account))
      throw new HttpProblem(403, messages.accountForbidden());
    remember(request, caller);
    return true;
  }

  /** Options may come, and keys go, after the controllers were made. */
  private isMounted(context: ExecutionContext): boolean {
    const group = this.reflector.get(Group, context.getClass());
    const isGuarded = !this.appGuards.isEmpty || !this.keys.isEmpty;
    return isGuarded && this.settings.http[group];
  }

  private async byKey(
    context: ExecutionContext,
    request: HttpRequest,
  ): Promise<Caller> {
    const key = keyIn(request);
    if (key === undefined) throw new HttpProblem(401, messages.keyMissing());
    const { client, retryAfter } = await this.desk.admit(key, request.ip);
    if (retryAfter !== undefined)
      throw new HttpProblem(429, messages.wrongKeysTooOften(), { retryAfter });
    if (!client) throw new HttpProblem(401, messages.keyWrong());
    const scope = this.reflector.get(Needs, context.getHandler());
    if (!client.scopes.includes(scope))
      throw new HttpProblem(403, messages.scopeMissing(scope));
    return { actor: client.id, accounts: client.accounts };
  }
}

/** Never looked for in the URL, which ends up in the logs of proxies. */
function keyIn({ headers }: HttpRequest): string | undefined {
  const bearer = /^Bearer +(.+)$/i.exec(String(headers['authorization'] ?? ''));
  const key = bearer?.[1] ?? headers['x-api-key'];
  return typeof key === 'string' && key !== '' ? key : undefined;
}
