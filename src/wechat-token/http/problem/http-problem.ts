import { HttpException } from '@nestjs/common';

/** A field of a request that is not valid. */
export interface FieldProblem {
  readonly field: string;
  /** The values that are allowed; never the value that was sent. */
  readonly problem: string;
}

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
