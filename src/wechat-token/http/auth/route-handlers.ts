import {
  type HttpException,
  Injectable,
  type MessageEvent,
  type Type,
} from '@nestjs/common';
import { ExternalContextCreator, HttpAdapterHost } from '@nestjs/core';
import { isObservable, type Observable } from 'rxjs';
import type { HttpRequest } from '../problem/http-request.js';
import { MountGuard, NO_SNIFF } from '../problem/mount.guard.js';
import { hasBody, isUnread } from '../problem/request-body.js';
import { ProblemFilter } from '../problem/problem.filter.js';
import { sendEvents, type StreamResponse } from './event-stream.js';

/** A route of the HTTP adapter itself. */
export interface AdapterRoute {
  readonly method: 'get' | 'post';
  /** Without the prefix, such as `cgi-bin/token`. */
  readonly path: string;
  /** Returns the body of the response, or an Observable of server-sent events; authenticates the request by its API key. */
  answer(request: HttpRequest, response: unknown): unknown;
  /**
   * The answer to a request whose body cannot be read. Such a route takes a body of any content type and parses it by itself.
   * Default: a problem.
   */
  readonly unreadable?: object;
}

/** A controller whose routes can be registered on the HTTP adapter. */
export interface AdapterController {
  /** All routes of the controller. */
  adapterRoutes(): readonly AdapterRoute[];
}

/** What the HTTP adapter calls for a route. */
export interface RouteHandlers {
  readonly answer: (request: HttpRequest, response: unknown) => void;
  /**
   * Answers a request whose body a parser of the app has refused with this error. False while the route is not mounted: the
   * error is then the app's, as if there were no such route.
   */
  readonly refuseBody: (
    error: HttpException,
    request: Pick<HttpRequest, 'url'>,
    response: unknown,
  ) => boolean;
}

const CLOSE = ['Connection', 'close'] as const;
/** The statuses of a body that was not read to its end. */
const UNFINISHED = new Set([408, 413]);

/** Answers requests past Nest's pipeline, with the module's own errors. */
@Injectable()
export class RouteHandlerFactory {
  constructor(
    private readonly adapterHost: HttpAdapterHost,
    private readonly mounts: MountGuard,
    private readonly problems: ProblemFilter,
    private readonly contexts: ExternalContextCreator,
  ) {}

  /** Whether the routes of this controller are mounted, or may be later. */
  canMount(controller: Type): boolean {
    return this.mounts.canMount(controller);
  }

  /** @param isGuarded Whether the guards that the app has for all of its routes are asked first. */
  handlersOf(
    controller: AdapterController,
    route: AdapterRoute,
    isGuarded: boolean,
  ): RouteHandlers {
    const { httpAdapter } = this.adapterHost;
    const type = controller.constructor as Type;
    const check = this.mounts.checkFor(type);
    const answer = isGuarded
      ? this.guarded(controller, route)
      : (request: HttpRequest, response: unknown) =>
          route.answer(request, response);
    return {
      // No promise where the answer is none: promises are most of what a request for a token in memory costs.
      answer: (request, response) => {
        const refuse = (error: unknown) => {
          this.closeIfUnread(request, response);
          this.problems.answer(error, request, response);
        };
        const reply = (body: unknown) => {
          this.closeIfUnread(request, response);
          if (!isObservable(body))
            return void httpAdapter.reply(response, body);
          sendEvents(
            body as Observable<MessageEvent>,
            request,
            response as StreamResponse,
            refuse,
          );
        };
        try {
          httpAdapter.setHeader(response, ...NO_SNIFF);
          check(request);
          httpAdapter.setHeader(response, 'Cache-Control', 'no-store');
          const body = answer(request, response);
          if (body instanceof Promise) body.then(reply).catch(refuse);
          else reply(body);
        } catch (error) {
          refuse(error);
        }
      },
      refuseBody: (error, request, response) => {
        if (!this.mounts.isControllerMounted(type)) return false;
        httpAdapter.setHeader(response, ...NO_SNIFF);
        // The rest of a body that is too large or too slow may be endless.
        if (UNFINISHED.has(error.getStatus()))
          httpAdapter.setHeader(response, ...CLOSE);
        if (!route.unreadable) this.problems.answer(error, request, response);
        else {
          httpAdapter.setHeader(response, 'Cache-Control', 'no-store');
          httpAdapter.reply(response, route.unreadable, 200);
        }
        return true;
      },
    };
  }

  /** Node would go on to read a body that nobody has read, for as long as the client sends. */
  private closeIfUnread(request: HttpRequest, response: unknown): void {
    if (hasBody(request) && isUnread(request))
      this.adapterHost.httpAdapter.setHeader(response, ...CLOSE);
  }

  /** Guards see the class of the controller, with the `metadata` of the module, and a handler without any. */
  private guarded(controller: AdapterController, route: AdapterRoute) {
    const admit = this.contexts.create(
      controller as never,
      () => undefined,
      'answer',
      undefined,
      undefined,
      undefined,
      undefined,
      { guards: true, interceptors: false, filters: false },
      'http',
    );
    return async (request: HttpRequest, response: unknown) => {
      await admit(request, response);
      return route.answer(request, response);
    };
  }
}
