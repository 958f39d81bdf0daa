// How is an error answered?

import { STATUS_CODES } from 'node:http';
import { HttpException } from '@nestjs/common';
import { refusalBehind } from '../../renewal/token-unavailable.js';
import {
  isAccountSourceError,
  isInvalidArgumentError,
  isCannotForceError,
  isRefreshBudgetError,
  isRowConflictError,
  isSealedValueError,
  isStoreError,
  isTokenUnavailableError,
  isUnknownAccountError,
  isUnknownTokenError,
  isWechatApiError,
} from '../../common/errors.js';
import { messages } from '../../common/messages.js';
import { HttpProblem } from './http-problem.js';
import type { Problem } from './problem.types.js';

/** For a database that is unavailable, the module's or that of an AccountSource. */
const RETRY_SECONDS = 5;

/** Maps an error to the response. The response to an unexpected error contains nothing of the error (R15). */
export function problemOf(error: unknown): Problem {
  if (error instanceof HttpProblem)
    return problem(error.getStatus(), error.message, error.more);
  if (isInvalidArgumentError(error)) return problem(400, error.message);
  if (isRefreshBudgetError(error))
    return problem(429, error.message, { retryAfter: error.retryAfter });
  if (isCannotForceError(error)) return problem(409, error.message);
  if (isUnknownAccountError(error) || isUnknownTokenError(error))
    return problem(404, error.message);
  if (isTokenUnavailableError(error)) {
    const { message, retryAfter } = error;
    const refusal = refusalBehind(error);
    return refusal
      ? problem(502, message, { errcode: refusal.errcode, retryAfter })
      : problem(503, message, { retryAfter });
  }
  if (isWechatApiError(error))
    return problem(502, error.message, { errcode: error.errcode });
  if (isStoreError(error))
    return problem(503, error.message, { retryAfter: RETRY_SECONDS });
  if (isAccountSourceError(error)) {
    const retryAfter = error.thrown === undefined ? undefined : RETRY_SECONDS;
    return problem(503, error.message, { retryAfter });
  }
  if (isSealedValueError(error) || isRowConflictError(error))
    return problem(503, error.message);
  const status = clientErrorStatusOf(error);
  if (status === undefined) return problem(500, messages.internalError());
  const detail =
    error instanceof HttpException ? detailOf(error) : titleOf(status);
  return problem(status, detail);
}

/** R15: the message of Nest's 404 repeats the URL, whose query may contain a key; that of its 400 a part of the body. */
function detailOf(error: HttpException): string {
  if (error.getStatus() === 400) return messages.unreadableBody();
  return error.message.split('?')[0] ?? '';
}

/** The 4xx status of an error thrown by Nest, by the app's guards or by a body parser; undefined for any other error. */
function clientErrorStatusOf(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  const status: unknown =
    error instanceof HttpException
      ? error.getStatus()
      : 'statusCode' in error && error.statusCode;
  const isClientError =
    typeof status === 'number' && status >= 400 && status < 500;
  return isClientError ? status : undefined;
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
