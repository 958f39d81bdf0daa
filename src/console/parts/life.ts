import type { AdminView } from '../../wechat-token/http/admin/admin.types.js';

/** Instants of a token's life, milliseconds since 1970. */
interface Life {
  readonly issued: number;
  readonly due: number;
  readonly expires: number;
}

/** Undefined when the row does not say when the token began or ends. */
export function lifeOf(
  view: Pick<AdminView, 'issuedAt' | 'refreshAt' | 'expiresAt'>,
): Life | undefined {
  const { issuedAt, refreshAt, expiresAt } = view;
  if (issuedAt === null || expiresAt === null) return undefined;
  const issued = Date.parse(issuedAt);
  const expires = Date.parse(expiresAt);
  if (!(expires > issued)) return undefined;
  const due = refreshAt === null ? expires : Date.parse(refreshAt);
  return { issued, due, expires };
}

/** The part of a life that is over at an instant, from 0 to 1. */
export function partOf({ issued, expires }: Life, instant: number): number {
  return Math.min(1, Math.max(0, (instant - issued) / (expires - issued)));
}
