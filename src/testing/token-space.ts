import { createHash, randomBytes } from 'node:crypto';
import type { PlatformRules } from './fake-wechat-options.js';

/** Classic and stable tokens live in spaces that do not touch each other. */
export type TokenKind = 'stable' | 'classic';

/** An access token as the platform remembers it. Instants: epoch milliseconds. */
export interface IssuedToken {
  readonly value: string;
  readonly appId: string;
  readonly kind: TokenKind;
  readonly forced: boolean;
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** When the platform stops taking it although its life is not over. */
  diesAt: number;
}

/** What a token endpoint grants; `expiresIn` in whole seconds. */
export interface TokenGrant {
  readonly value: string;
  readonly expiresIn: number;
}

/** Why a business call with this token is refused now, or undefined. */
export function tokenFault(
  token: IssuedToken | undefined,
  now: number,
): 40001 | 40014 | 42001 | undefined {
  if (!token) return 40014;
  if (now >= token.expiresAt) return 42001;
  if (now >= token.diesAt) return 40001;
  return undefined;
}

/** First 8 hex of a token's SHA-256: names it in logs without showing it. */
export function fingerprintOf(value: string): string {
  return createHash('sha256').update(value).digest('hex').slice(0, 8);
}

/** The tokens of one account and kind, and the rules by which they rotate. */
export class TokenSpace {
  /** The newest token: the one that a normal stable call is answered with. */
  private current: IssuedToken | undefined;
  private previous: IssuedToken | undefined;

  constructor(
    private readonly appId: string,
    private readonly kind: TokenKind,
    private readonly rules: PlatformRules,
    private readonly onIssued: (token: IssuedToken) => void,
  ) {}

  /** Every classic call rotates; old and new both work for the overlap. */
  rotateClassic(now: number): TokenGrant {
    // The platform keeps the newest two: the one before the previous dies.
    if (this.previous) end(this.previous, now);
    if (this.current) {
      end(this.current, now + this.rules.overlapSeconds * 1000);
    }
    return this.issue(now, false);
  }

  /** The current token while it is good; in its last part, a new one beside it. */
  stable(now: number): TokenGrant {
    const left = this.current ? this.current.expiresAt - now : 0;
    // The second bound: a life under a second cannot be told in expires_in.
    if (
      this.current &&
      left > this.rules.overlapSeconds * 1000 &&
      left >= 1000
    ) {
      return grant(this.current, now);
    }
    return this.issue(now, false);
  }

  /** A forced refresh: every older token dies at once. */
  forceStable(now: number): TokenGrant {
    this.killAll(now);
    return this.issue(now, true);
  }

  /** The platform drops its tokens and knows it: the next call issues one. */
  drop(now: number): void {
    this.killAll(now);
    this.current = undefined;
    this.previous = undefined;
  }

  /** As `drop`, but a normal stable call still answers the dead token. */
  dropSilently(now: number): void {
    this.killAll(now);
  }

  /** The token that the platform holds as current, even if silently dead. */
  currentAt(now: number): string | undefined {
    const current = this.current;
    return current && now < current.expiresAt ? current.value : undefined;
  }

  private killAll(now: number): void {
    for (const token of [this.previous, this.current]) {
      if (token) end(token, now);
    }
  }

  private issue(now: number, forced: boolean): TokenGrant {
    const token: IssuedToken = {
      value: `90_${randomBytes(105).toString('base64url')}`,
      appId: this.appId,
      kind: this.kind,
      forced,
      issuedAt: now,
      expiresAt: now + this.rules.lifeSeconds * 1000,
      diesAt: Infinity,
    };
    this.previous = this.current;
    this.current = token;
    this.onIssued(token);
    return grant(token, now);
  }
}

function end(token: IssuedToken, at: number): void {
  token.diesAt = Math.min(token.diesAt, at);
}

function grant(token: IssuedToken, now: number): TokenGrant {
  return {
    value: token.value,
    expiresIn: Math.floor((token.expiresAt - now) / 1000),
  };
}
