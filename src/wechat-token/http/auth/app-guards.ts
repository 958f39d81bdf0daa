import {
  type CanActivate,
  type ExecutionContext,
  ForbiddenException,
  Injectable,
  type OnModuleInit,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { isObservable, lastValueFrom } from 'rxjs';
import { messages } from '../../common/messages.js';
import { type AppGuard, WechatTokenSettings } from '../../common/settings.js';
import type { Caller } from './caller.js';
import type { HttpRequest } from '../problem/http-request.js';

const ACTOR = 'app';

/** The guards of a larger app, in place of API keys: what they let in may use every route and every account. */
@Injectable()
export class AppGuards implements OnModuleInit {
  private guards: readonly CanActivate[] = [];

  constructor(
    private readonly settings: WechatTokenSettings,
    private readonly moduleRef: ModuleRef,
  ) {}

  /** Not before: only now has every module of the app made its providers. */
  async onModuleInit(): Promise<void> {
    this.guards = await Promise.all(
      this.settings.http.guards.map((guard) => this.instanceOf(guard)),
    );
  }

  /** An empty list guards nothing, and so counts as none. */
  get isEmpty(): boolean {
    return this.settings.http.guards.length === 0;
  }

  /** @throws ForbiddenException, or whatever a guard throws. */
  async admit(context: ExecutionContext): Promise<Caller> {
    for (const guard of this.guards) {
      const answer = guard.canActivate(context);
      const isIn = await (isObservable(answer)
        ? lastValueFrom(answer)
        : answer);
      if (!isIn) throw new ForbiddenException(messages.guardRefused());
    }
    const { user } = context.switchToHttp().getRequest<HttpRequest>();
    const id = user?.id;
    const isNamed = typeof id === 'string' || typeof id === 'number';
    return isNamed ? { actor: String(id) } : { actor: ACTOR, isNameless: true };
  }

  /** The app's own, if it provides one; else one made for this module. */
  private async instanceOf(guard: AppGuard): Promise<CanActivate> {
    if (typeof guard !== 'function') return guard;
    try {
      return this.moduleRef.get<CanActivate>(guard, { strict: false });
    } catch {
      return this.moduleRef.create(guard);
    }
  }
}
