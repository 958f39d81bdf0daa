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

const ANONYMOUS_ACTOR = 'app';

/** The guards of a larger app, in place of API keys. A caller whom all of them let in may use every route and every account. */
@Injectable()
export class AppGuards implements OnModuleInit {
  private guards: readonly CanActivate[] = [];

  constructor(
    private readonly settings: WechatTokenSettings,
    private readonly moduleRef: ModuleRef,
  ) {}

  /** On module init, because the providers of the app's other modules exist only from then on. */
  async onModuleInit(): Promise<void> {
    this.guards = await Promise.all(
      this.settings.http.guards.map((guard) => this.instanceOf(guard)),
    );
  }

  /** True without guards: API keys are required instead. */
  get isEmpty(): boolean {
    return this.settings.http.guards.length === 0;
  }

  /** @throws ForbiddenException, or the error that a guard throws. */
  async authenticate(context: ExecutionContext): Promise<Caller> {
    for (const guard of this.guards) {
      const answer = guard.canActivate(context);
      const isAllowed = await (isObservable(answer)
        ? lastValueFrom(answer)
        : answer);
      if (!isAllowed) throw new ForbiddenException(messages.guardRefused());
    }
    const { user } = context.switchToHttp().getRequest<HttpRequest>();
    const id = user?.id;
    const isNamed = typeof id === 'string' || typeof id === 'number';
    return isNamed
      ? { actor: String(id) }
      : { actor: ANONYMOUS_ACTOR, isAnonymous: true };
  }

  /** The app's own instance if the app provides the class; otherwise a new one. */
  private async instanceOf(guard: AppGuard): Promise<CanActivate> {
    if (typeof guard !== 'function') return guard;
    try {
      return this.moduleRef.get<CanActivate>(guard, { strict: false });
    } catch {
      return this.moduleRef.create(guard);
    }
  }
}
