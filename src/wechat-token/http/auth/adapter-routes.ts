import { Inject, Injectable, type Type } from '@nestjs/common';
import { HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import type { HttpRequest } from '../problem/http-request.js';
import { MountGuard } from '../problem/mount.guard.js';
import { ProblemFilter } from '../problem/problem.filter.js';
import { AppGuards } from './app-guards.js';

/** What the paths of all routes begin with; an empty string for nothing. */
export const ROUTE_PREFIX = Symbol('route prefix');

/** A route of the HTTP adapter itself. */
export interface AdapterRoute {
  readonly method: 'get' | 'post';
  /** Without the prefix, such as `cgi-bin/token`. */
  readonly path: string;
  /** Returns the body of the response; authenticates the request by its API key. */
  answer(request: HttpRequest, response: unknown): unknown;
}

/** A controller whose routes can be registered on the HTTP adapter. */
export interface OnAdapter {
  /** All routes of the controller. */
  adapterRoutes(): readonly AdapterRoute[];
}

/**
 * Removes the routes that cannot answer, and registers others on the HTTP adapter in place of their controllers, unless the app's own guards protect them: programs in
 * other languages find them at the same paths in every app, past what the app does to the routes of its own (docs/adr/0012).
 */
@Injectable()
export class AdapterRoutes {
  private readonly replaced: OnAdapter[] = [];

  constructor(
    private readonly adapterHost: HttpAdapterHost,
    private readonly modules: ModulesContainer,
    private readonly appGuards: AppGuards,
    private readonly mounts: MountGuard,
    private readonly problems: ProblemFilter,
    @Inject(ROUTE_PREFIX) private readonly prefix: string,
  ) {}

  /** Takes the controllers of a module away before Nest registers their routes: Fastify refuses a route that it has already. */
  replaceControllersOf(owner: object): void {
    for (const { instance, controllers } of this.modules.values()) {
      if (instance !== owner) continue;
      for (const [key, { instance: controller }] of controllers) {
        const canMount = this.mounts.canMount(controller.constructor as Type);
        const isReplaced = this.appGuards.isEmpty && isOnAdapter(controller);
        if (!canMount || isReplaced) controllers.delete(key);
        if (canMount && isReplaced) this.replaced.push(controller);
      }
    }
  }

  /** Registers the routes of the controllers that were replaced, behind the app's middleware. */
  register(): void {
    const { httpAdapter } = this.adapterHost;
    for (const controller of this.replaced)
      for (const route of controller.adapterRoutes()) {
        const path = `/${this.prefix}/${route.path}`.replace(/\/+/g, '/');
        const type = controller.constructor as Type;
        httpAdapter[route.method](path, this.handler(type, route));
      }
  }

  /** No promise where the answer is none: promises are most of what a request for a token in memory costs. */
  private handler(type: Type, route: AdapterRoute) {
    const { httpAdapter } = this.adapterHost;
    const check = this.mounts.checkFor(type);
    return (request: HttpRequest, response: unknown): void => {
      const reply = (body: unknown) => void httpAdapter.reply(response, body);
      const fail = (error: unknown) =>
        this.problems.answer(error, request, response);
      try {
        check(request);
        httpAdapter.setHeader(response, 'Cache-Control', 'no-store');
        const body = route.answer(request, response);
        if (body instanceof Promise) body.then(reply).catch(fail);
        else reply(body);
      } catch (error) {
        fail(error);
      }
    };
  }
}

function isOnAdapter(controller: object): controller is OnAdapter {
  return 'adapterRoutes' in controller;
}
