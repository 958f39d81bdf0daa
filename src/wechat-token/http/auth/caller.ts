import { createParamDecorator, type ExecutionContext } from '@nestjs/common';

/** Who a request comes from, once it has been let in. */
export interface Caller {
  /** As events name him: the id of his key, or of the app's user. */
  readonly actor: string;
  /** Let in by the app's guards, which did not say who he is. */
  readonly isNameless?: boolean;
  /** The accounts he may use; all of them when it is undefined. */
  readonly accounts?: readonly string[] | undefined;
}

/** Not a property of the request, where an app might meet it. */
const callers = new WeakMap<object, Caller>();

export function remember(request: object, caller: Caller): void {
  callers.set(request, caller);
}

export function mayUse({ accounts }: Caller, account: string): boolean {
  return accounts?.includes(account) ?? true;
}

/** The {@link Caller} of this request, in a handler behind the AccessGuard. */
export const CurrentCaller = createParamDecorator(
  (_: unknown, context: ExecutionContext): Caller => {
    const caller = callers.get(context.switchToHttp().getRequest());
    if (!caller) throw new Error('a route without its guard');
    return caller;
  },
);
