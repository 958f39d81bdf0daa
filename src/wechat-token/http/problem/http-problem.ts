import { HttpException } from '@nestjs/common';
import type { FieldProblem } from './problem.types.js';

/** A request that is refused before it reaches the engine. */
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
