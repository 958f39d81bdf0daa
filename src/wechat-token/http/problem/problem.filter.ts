import {
  type ArgumentsHost,
  Catch,
  type ExceptionFilter,
  Logger,
  Optional,
} from '@nestjs/common';
import { HttpAdapterHost, ModuleRef } from '@nestjs/core';
import { reasonOf } from '../../common/error-reason.js';
import { isAccountSourceError } from '../../common/errors.js';
import { LogLine } from '../../common/log-line.js';
import type { HttpRequest } from './http-request.js';
import { MountGuard, NO_SNIFF, NotMounted } from './mount.guard.js';
import { problemOf } from './problem.js';
import type { Problem } from './problem.types.js';
import { WECHAT_ERRORS } from './wechat-errors.js';

/** The end of a path in WeChat's shape, whatever prefix the routes have. */
const WECHAT_SHAPED_PATH =
  /\/cgi-bin\/(?:(?:stable_|get)?token|ticket\/get(?:ticket)?|get_jsapi_ticket)\/?$/i;

/** A body that is not JSON, is too large, or is in an encoding that no parser takes. */
const UNREADABLE = new Set([400, 408, 413, 415]);

/**
 * Answers every error with `application/problem+json`. The module's own routes use this filter. Provide it as `APP_FILTER` to
 * get the same response for requests that never reach a route, such as those with a body that is too large or not valid JSON.
 * With `http.guards` only then does a body that cannot be read get WeChat's own response under `/cgi-bin`, HTTP 200 with 47001;
 * without it Nest answers 400 and repeats a part of the body.
 */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #logger = new Logger('WechatToken');
  readonly #adapterHost: HttpAdapterHost;
  readonly #moduleRef: ModuleRef | undefined;

  constructor(adapterHost: HttpAdapterHost, @Optional() moduleRef?: ModuleRef) {
    this.#adapterHost = adapterHost;
    this.#moduleRef = moduleRef;
  }

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.answer(error, http.getRequest(), http.getResponse());
  }

  /** @internal For routes that Nest does not know. */
  answer(
    error: unknown,
    { url }: Pick<HttpRequest, 'url'>,
    response: unknown,
  ): void {
    const { httpAdapter } = this.#adapterHost;
    if (!httpAdapter.isHeadersSent(response))
      httpAdapter.setHeader(response, ...NO_SNIFF);
    if (error instanceof NotMounted)
      return httpAdapter.reply(response, error.getResponse(), 404);
    const problem = problemOf(error);
    if (problem.status === 500 || isAccountSourceError(error))
      this.#logger.error(new LogLine('request failed', reasonOf(error)));
    if (httpAdapter.isHeadersSent(response)) return httpAdapter.end(response);
    if (UNREADABLE.has(problem.status) && this.isWechatShaped(url)) {
      httpAdapter.setHeader(response, 'Cache-Control', 'no-store');
      return httpAdapter.reply(response, WECHAT_ERRORS.notJson, 200);
    }
    for (const [name, value] of headersOf(problem))
      httpAdapter.setHeader(response, name, value);
    // Nest 11 on Express replaces the content type of a reply that is given an error's status.
    httpAdapter.status(response, problem.status);
    httpAdapter.reply(response, problem);
  }

  /** Whether the request is for a WeChat-shaped route of this app. Its guard never ran if the body could not be parsed. */
  private isWechatShaped(url: string): boolean {
    if (!WECHAT_SHAPED_PATH.test(url.split('?')[0] ?? '')) return false;
    try {
      const guard = this.#moduleRef?.get(MountGuard, { strict: false });
      // Without a ModuleRef, in a filter that the app has created itself, the routes count as mounted.
      return guard?.isMounted('wechatShaped') ?? true;
    } catch {
      // The app does not import the module.
      return false;
    }
  }
}

function headersOf({ status, retryAfter }: Problem): [string, string][] {
  return [
    ['Content-Type', 'application/problem+json'],
    ['Cache-Control', 'no-store'],
    ...(status === 401 ? [BEARER] : []),
    ...(retryAfter === undefined ? [] : [retryHeader(retryAfter)]),
  ];
}

const BEARER: [string, string] = ['WWW-Authenticate', 'Bearer'];
const retryHeader = (seconds: number): [string, string] => [
  'Retry-After',
  String(seconds),
];
