import {
  type ArgumentsHost,
  Catch,
  type ExceptionFilter,
  Logger,
} from '@nestjs/common';
import { BaseExceptionFilter, HttpAdapterHost } from '@nestjs/core';
import { reasonOf } from '../../common/error-reason.js';
import { isAccountSourceError } from '../../common/errors.js';
import { NotMounted } from './http-problem.js';
import { type Problem, problemOf } from './problem.js';
import type { HttpRequest } from './http-request.js';
import { WECHAT_ERRORS } from './wechat-errors.js';
import { isShaped } from './wechat-shaped.paths.js';

/**
 * Answers every error with `application/problem+json`. The module's own routes have it; an app that wants the same for what
 * never reaches a route, such as a body that is too large or is no JSON, adds it with `APP_FILTER`. Only then is a body that is
 * no JSON answered under `/cgi-bin` as by WeChat, with HTTP 200 and 47001; without it the answer is Nest's own 400, which
 * repeats a part of that body.
 */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('WechatToken');

  constructor(private readonly adapterHost: HttpAdapterHost) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const { httpAdapter } = this.adapterHost;
    const response: unknown = host.switchToHttp().getResponse();
    if (error instanceof NotMounted)
      return new BaseExceptionFilter(httpAdapter).catch(error, host);
    const problem = problemOf(error);
    if (problem.status === 500 || isAccountSourceError(error))
      this.logger.error('request failed', { reason: reasonOf(error) });
    if (httpAdapter.isHeadersSent(response)) return httpAdapter.end(response);
    const { url } = host.switchToHttp().getRequest<HttpRequest>();
    if (problem.status === 400 && isShaped(this.adapterHost, url)) {
      httpAdapter.setHeader(response, 'Cache-Control', 'no-store');
      return httpAdapter.reply(response, WECHAT_ERRORS.notJson, 200);
    }
    for (const [name, value] of headersOf(problem))
      httpAdapter.setHeader(response, name, value);
    httpAdapter.reply(response, problem, problem.status);
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
