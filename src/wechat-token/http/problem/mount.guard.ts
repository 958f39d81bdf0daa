import {
  type CanActivate,
  type ExecutionContext,
  Injectable,
  NotFoundException,
  type Type,
} from '@nestjs/common';
import { HttpAdapterHost, Reflector } from '@nestjs/core';
import { messages } from '../../common/messages.js';
import { NO_API_KEYS, WechatTokenSettings } from '../../common/settings.js';
import type { HttpRequest } from './http-request.js';

/** No browser shall take an answer for something else than it says it is. */
export const NO_SNIFF = ['X-Content-Type-Options', 'nosniff'] as const;

/** Routes that one option of `http` enables and disables together. */
type RouteGroup = 'admin' | 'tokens' | 'wechatShaped';

/** The group of a controller's routes. */
export const Group = Reflector.createDecorator<RouteGroup>();

/**
 * Decides which routes there are at the start, and which of them answer later: the keys of an ApiKeySource can change while the app
 * runs. A group of routes is there if its option enables it and callers can be authenticated, by keys or by the app's guards.
 */
@Injectable()
export class MountGuard implements CanActivate {
  constructor(
    private readonly settings: WechatTokenSettings,
    private readonly reflector: Reflector,
    private readonly adapterHost: HttpAdapterHost,
  ) {}

  /** @throws NotMounted */
  canActivate(context: ExecutionContext): boolean {
    const http = context.switchToHttp();
    const request = http.getRequest<HttpRequest>();
    // Here, since this guard is asked first for every route.
    this.adapterHost.httpAdapter.setHeader(http.getResponse(), ...NO_SNIFF);
    this.checkFor(context.getClass())(request);
    return true;
  }

  /** A check of requests, which throws NotMounted while the routes of this controller are not mounted. */
  checkFor(controller: Type): (request: HttpRequest) => void {
    const group = this.reflector.get(Group, controller);
    return (request) => {
      if (!this.isMounted(group)) throw new NotMounted(request);
    };
  }

  isControllerMounted(controller: Type): boolean {
    return this.isMounted(this.reflector.get(Group, controller));
  }

  /** Whether the routes of this controller are mounted, or may be later. */
  canMount(controller: Type): boolean {
    const group = this.reflector.get(Group, controller);
    const { apiKeys, [group]: isEnabled } = this.settings.http;
    return isEnabled && (this.hasGuards(group) || apiKeys !== NO_API_KEYS);
  }

  isMounted(group: RouteGroup): boolean {
    const { apiKeys, [group]: isEnabled } = this.settings.http;
    return isEnabled && (this.hasGuards(group) || apiKeys.current().length > 0);
  }

  /** A client of WeChat's own API sends an API key and nothing that the app's guards could check. */
  private hasGuards(group: RouteGroup): boolean {
    return group !== 'wechatShaped' && this.settings.http.guards.length > 0;
  }
}

/** The response of an app without this route: Nest's own 404, but without the query, which may contain a key (R15). */
export class NotMounted extends NotFoundException {
  constructor({ method, url }: Pick<HttpRequest, 'method' | 'url'>) {
    super(messages.noRoute(method, url.split('?')[0] ?? ''));
  }
}
