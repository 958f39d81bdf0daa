import type { Problem } from '../../wechat-token/http/problem/problem.types.js';

/** A request that was not answered with what was asked for. */
export class ApiFailure extends Error {
  /** The HTTP status; 0 when the server did not answer. */
  readonly status: number;
  /** The server's own words, in English; empty when it did not answer. */
  readonly detail: string;
  /** The platform's error code. */
  readonly errcode: number | undefined;
  /** Seconds. */
  readonly retryAfter: number | undefined;

  constructor(status: number, problem: Partial<Problem> = {}) {
    super(problem.detail ?? `HTTP ${status}`);
    this.status = status;
    this.detail = problem.detail ?? '';
    this.errcode = problem.errcode;
    this.retryAfter = problem.retryAfter;
  }
}

/** Proxies answer with pages of their own, which say nothing to a user. */
export async function failureOf(response: Response): Promise<ApiFailure> {
  const type = response.headers.get('content-type') ?? '';
  if (!type.includes('json')) return new ApiFailure(response.status);
  const body: unknown = await response.json().catch(() => undefined);
  const isProblem = typeof body === 'object' && body !== null;
  return new ApiFailure(response.status, isProblem ? body : {});
}
