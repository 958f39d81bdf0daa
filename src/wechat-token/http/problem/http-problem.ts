import { HttpException, NotFoundException } from '@nestjs/common';
import { messages } from '../../common/messages.js';
import type { HttpRequest } from './http-request.js';

/** What a field of a request should have been; never its value. */
export interface FieldProblem {
  readonly field: string;
  readonly problem: string;
}

/** Why a request is refused before the engine is asked. */
export class HttpProblem extends HttpException {
  constructor(
    status: number,
    detail: string,
    readonly more: {
      readonly errors?: readonly FieldProblem[];
      readonly retryAfter?: number;
    } = {},
  ) {
    super(detail, status);
  }
}

/** The answer of an app that has no such route, in Nest's own words, but without the query. */
export class NotMounted extends NotFoundException {
  constructor({ method, url }: Pick<HttpRequest, 'method' | 'url'>) {
    super(messages.noRoute(method, url.split('?')[0] ?? ''));
  }
}
