import {
  type CanActivate,
  type ExecutionContext,
  Injectable,
  NotFoundException,
  type Type,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { messages } from '../../common/messages.js';
import { WechatTokenSettings } from '../../common/settings.js';
import type { HttpRequest } from './http-request.js';

/** Routes that one option of `http` enables and disables together. */
type RouteGroup = 'admin' | 'tokens' | 'wechatShaped';

/** The group of a controller's routes. */
export const Group = Reflector.createDecorator<RouteGroup>();

/**
 * Decides whether a route is mounted. The controllers are always registered, because options may come from a factory and API
 * keys can change while the app runs.
 */
@Injectable()
export class MountGuard implements CanActivate {
  constructor(
    private readonly settings: WechatTokenSettings,
    private readonly reflector: Reflector,
  ) {}

  /** @throws NotMounted */
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<HttpRequest>();
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

  /** A group without any way to authenticate a caller is not mounted. */
  isMounted(group: RouteGroup): boolean {
    const { apiKeys, guards, [group]: isEnabled } = this.settings.http;
    // A client of WeChat's own API sends an API key and nothing that the app's guards could check.
    const canUseGuards = group !== 'wechatShaped' && guards.length > 0;
    return isEnabled && (canUseGuards || apiKeys.current().length > 0);
  }
}

/** The response of an app without this route: Nest's own 404, but without the query, which may contain a key (R15). */
export class NotMounted extends NotFoundException {
  constructor({ method, url }: Pick<HttpRequest, 'method' | 'url'>) {
    super(messages.noRoute(method, url.split('?')[0] ?? ''));
  }
}
