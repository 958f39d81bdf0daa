// How is an error answered?

import { STATUS_CODES } from 'node:http';
import { HttpException } from '@nestjs/common';
import { refusalBehind } from '../../renewal/token-unavailable.js';
import {
  isAccountSourceError,
  isRefreshBudgetError,
  isSealedValueError,
  isStoreError,
  isTokenUnavailableError,
  isUnknownAccountError,
  isUnknownTokenError,
} from '../../common/errors.js';
import { messages } from '../../common/messages.js';
import { type FieldProblem, HttpProblem } from './http-problem.js';

/** A database that is away, ours or that of the accounts, is worth another try so soon. */
const RETRY_SECONDS = 5;

/**
 * The body of an error, `application/problem+json`.
 * @see https://www.rfc-editor.org/rfc/rfc9457
 */
export interface Problem {
  /** The status says all that there is to say of the kind of problem. */
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** 400: which fields, and what they should have been. */
  readonly errors?: readonly FieldProblem[];
  /** 502: WeChat's own code, if it gave one. */
  readonly errcode?: number;
  /** Seconds after which a new try may succeed; also the header Retry-After. */
  readonly retryAfter?: number;
}

/** What a client is told of an error. Of one that is not foreseen: nothing (R15). */
export function problemOf(error: unknown): Problem {
  if (error instanceof HttpProblem)
    return problem(error.getStatus(), error.message, error.more);
  if (isRefreshBudgetError(error))
    return problem(429, error.message, { retryAfter: error.retryAfter });
  if (isUnknownAccountError(error) || isUnknownTokenError(error))
    return problem(404, error.message);
  if (isTokenUnavailableError(error)) {
    const { message, retryAfter } = error;
    const refusal = refusalBehind(error);
    return refusal
      ? problem(502, message, { errcode: refusal.errcode, retryAfter })
      : problem(503, message, { retryAfter });
  }
  if (isStoreError(error))
    return problem(503, error.message, { retryAfter: RETRY_SECONDS });
  if (isAccountSourceError(error)) {
    const retryAfter = error.thrown === undefined ? undefined : RETRY_SECONDS;
    return problem(503, error.message, { retryAfter });
  }
  if (isSealedValueError(error)) return problem(503, error.message);
  const status = clientErrorOf(error);
  if (status === undefined) return problem(500, messages.unforeseen());
  const isWorded = error instanceof HttpException;
  return problem(status, isWorded ? wordsOf(error) : titleOf(status));
}

/** Nest's 404 repeats the URL, whose query may hold a key, and its 400 a part of a body that is no JSON (R15). */
function wordsOf(error: HttpException): string {
  const isOfAParser = error.getStatus() === 400;
  return isOfAParser
    ? messages.unreadableBody()
    : (error.message.split('?')[0] ?? '');
}

/** Of Nest's exceptions, of the app's guards and of the parsers of bodies: the status, where the fault is the client's. */
function clientErrorOf(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  const status: unknown =
    error instanceof HttpException
      ? error.getStatus()
      : 'statusCode' in error && error.statusCode;
  const isClients = typeof status === 'number' && status >= 400 && status < 500;
  return isClients ? status : undefined;
}

function titleOf(status: number): string {
  return STATUS_CODES[status] ?? 'Error';
}

function problem(
  status: number,
  detail: string,
  { errors, errcode, retryAfter }: Loose<Problem> = {},
): Problem {
  return {
    type: 'about:blank',
    title: titleOf(status),
    status,
    detail,
    ...(errors && { errors }),
    ...(errcode !== undefined && { errcode }),
    ...(retryAfter !== undefined && { retryAfter }),
  };
}

type Loose<T> = { [Key in keyof T]?: T[Key] | undefined };
