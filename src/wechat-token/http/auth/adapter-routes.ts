import { Inject, Injectable, type Type } from '@nestjs/common';
import {
  HttpAdapterHost,
  ModuleRef,
  ModulesContainer,
  Reflector,
} from '@nestjs/core';
import { acceptAnyCharset, mount } from './adapter-mounts.js';
import { AppGuards } from './app-guards.js';
import {
  type AdapterController,
  RouteHandlerFactory,
} from './route-handlers.js';

/** What the paths of all routes begin with; an empty string for nothing. */
export const ROUTE_PREFIX = Symbol('route prefix');

/** Marks an {@link AdapterController}, with what of the app its routes do not pass by. */
export const OnAdapter = Reflector.createDecorator<
  'nothing' | 'global guards'
>();

interface Replaced {
  readonly type: Type<AdapterController>;
  readonly isGuarded: boolean;
}

/**
 * Removes the routes that cannot answer, and registers others on the HTTP adapter in place of their controllers, unless the
 * app's own guards protect them: programs find them at the same paths and in the same shape in every app, past what the app
 * does to the routes of its own (docs/adr/0012).
 */
@Injectable()
export class AdapterRoutes {
  private readonly replaced: Replaced[] = [];
  /** The paths of routes that parse a body by themselves. */
  private readonly anyCharset = new Set<string>();

  constructor(
    private readonly adapterHost: HttpAdapterHost,
    private readonly modules: ModulesContainer,
    private readonly moduleRef: ModuleRef,
    private readonly appGuards: AppGuards,
    private readonly handlers: RouteHandlerFactory,
    @Inject(ROUTE_PREFIX) private readonly prefix: string,
  ) {
    adapterHost.init$.subscribe(() =>
      acceptAnyCharset(adapterHost.httpAdapter, this.anyCharset),
    );
  }

  /** Takes the controllers of a module away before Nest registers their routes: Fastify refuses a route that it has already. */
  replaceControllersOf(owner: object): void {
    for (const { instance, controllers } of this.modules.values()) {
      if (instance !== owner) continue;
      for (const [key, controller] of controllers) {
        const type = controller.metatype as Type<AdapterController>;
        const canMount = this.handlers.canMount(type);
        const place = Reflect.getMetadata(OnAdapter.KEY, type) as unknown;
        const isGuarded = place === 'global guards';
        // A guard that Nest makes for each request only Nest itself can ask.
        const canAsk = !isGuarded || controller.isDependencyTreeStatic();
        const isReplaced = this.appGuards.isEmpty && canAsk;
        if (!canMount || isReplaced) controllers.delete(key);
        if (canMount && isReplaced) this.replaced.push({ type, isGuarded });
      }
    }
  }

  /** Registers the routes of the controllers that were replaced, behind the app's middleware. */
  async register(): Promise<void> {
    for (const { type, isGuarded } of this.replaced) {
      // Nest's own instance is empty where an interceptor or a guard of the app is made for each request.
      const controller = await this.moduleRef.create(type);
      for (const route of controller.adapterRoutes()) {
        const handlers = this.handlers.handlersOf(controller, route, isGuarded);
        const path = `/${this.prefix}/${route.path}`.replace(/\/+/g, '/');
        if (route.unreadable) this.anyCharset.add(path);
        mount(this.adapterHost.httpAdapter, path, route, handlers);
      }
    }
  }
}
