import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { messages } from '../../common/messages.js';
import { parseTokenName } from '../../common/token-name.js';
import { HttpProblem } from '../problem/http-problem.js';
import type { HttpRequest } from '../problem/http-request.js';

/** The sender of a request that was let in. */
export interface Caller {
  /** The caller's name in events: the id of the API key, or of the app's user. */
  readonly actor: string;
  /** True if the app's guards let the caller in without identifying a user. */
  readonly isAnonymous?: boolean;
  /** The accounts that the caller may use; undefined for all. */
  readonly accounts?: readonly string[] | undefined;
  /** Whether the caller would still be let in, with the same rights; absent if the app's guards have let it in. */
  readonly isCurrent?: () => boolean;
}

/** Kept apart from the request, where an app could come across it. */
const callers = new WeakMap<object, Caller>();

export function rememberCaller(request: object, caller: Caller): void {
  callers.set(request, caller);
}

export function canUseAccount({ accounts }: Caller, account: string): boolean {
  return accounts?.includes(account) ?? true;
}

/** @throws HttpProblem when the path names a token of an account that the caller may not use */
export function requireAccount(
  caller: Caller,
  { params: { name } }: HttpRequest,
): void {
  if (name === undefined) return;
  // Unknown accounts get the same response, so that a caller cannot find out which accounts exist.
  if (!canUseAccount(caller, parseTokenName(name).account))
    throw new HttpProblem(403, messages.accountForbidden());
}

/** Injects the {@link Caller} into a handler that AccessGuard protects. */
export const CurrentCaller = createParamDecorator(
  (_: unknown, context: ExecutionContext): Caller => {
    const caller = callers.get(context.switchToHttp().getRequest());
    if (!caller) throw new Error('AccessGuard has not run for this route');
    return caller;
  },
);
