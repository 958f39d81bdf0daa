import {
  type CanActivate,
  type ExecutionContext,
  Injectable,
  SetMetadata,
  UnauthorizedException,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';

/** By the cookie `session`; in place of the app's table of sessions. */
const USERS = new Map([
  ['of-alice', { id: 'alice', isOperator: true }],
  ['of-bob', { id: 'bob', isOperator: false }],
]);

interface Request {
  readonly headers: { readonly cookie?: string };
  user?: { readonly id: string; readonly isOperator: boolean } | undefined;
}

const requestOf = (context: ExecutionContext) =>
  context.switchToHttp().getRequest<Request>();

/** For a route that needs no session. */
export const Public = () => SetMetadata('isPublic', true);

/** For all routes: whoever has signed in. */
@Injectable()
export class SessionGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const places = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride('isPublic', places)) return true;
    const request = requestOf(context);
    const [, session = ''] =
      /\bsession=([\w-]+)/.exec(request.headers.cookie ?? '') ?? [];
    request.user = USERS.get(session);
    if (!request.user) throw new UnauthorizedException('Sign in first.');
    return true;
  }
}

/** For the routes of the tokens, after the SessionGuard. */
@Injectable()
export class OperatorGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return requestOf(context).user?.isOperator ?? false;
  }
}
