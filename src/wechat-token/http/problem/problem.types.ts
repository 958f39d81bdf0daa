/** A field of a request that is not valid. */
export interface FieldProblem {
  readonly field: string;
  /** The values that are allowed; never the value that was sent. */
  readonly problem: string;
}

/**
 * The body of an error, `application/problem+json`.
 * @see https://www.rfc-editor.org/rfc/rfc9457
 */
export interface Problem {
  /** No problem types are defined beyond the HTTP status. */
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** 400: the fields that are not valid. */
  readonly errors?: readonly FieldProblem[];
  /** 502: WeChat's error code, if the response contained one. */
  readonly errcode?: number;
  /** Seconds after which a retry may succeed; also sent as the Retry-After header. */
  readonly retryAfter?: number;
}
