import { createHash, randomBytes } from 'node:crypto';
import type { PlatformRules } from './fake-wechat-options.js';

/** The kinds of tokens; those of one kind do not affect those of another. `wecom`: of WeCom's `gettoken`. */
export type TokenKind = 'stable' | 'classic' | 'wecom';

/** An access token in the platform's state. Instants are epoch milliseconds. */
export interface IssuedToken {
  readonly value: string;
  readonly appId: string;
  readonly kind: TokenKind;
  readonly forced: boolean;
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** When the platform stops accepting it before its expiry; Infinity for never. */
  diesAt: number;
}

/** The token in the response of an endpoint; `expiresIn` is in whole seconds. */
export interface TokenGrant {
  readonly value: string;
  readonly expiresIn: number;
}

/** The errcode with which a business call with this token is refused now, or undefined. */
export function tokenFault(
  token: IssuedToken | undefined,
  now: number,
): 40001 | 40014 | 42001 | undefined {
  if (!token) return 40014;
  if (now >= token.expiresAt) return 42001;
  if (now >= token.diesAt) return endedCode(token.kind);
  return undefined;
}

/** The errcode of a token that was ended before its expiry. On WeCom, 40001 is a wrong secret. */
export function endedCode(kind: TokenKind): 40001 | 40014 {
  return kind === 'wecom' ? 40014 : 40001;
}

/** The first 8 hex digits of a token's SHA-256, to name it in logs without showing it. */
export function fingerprintOf(value: string): string {
  return createHash('sha256').update(value).digest('hex').slice(0, 8);
}

/** The tokens of one account and kind, and the rules by which they rotate. */
export class TokenSpace {
  /** The newest token, which a normal stable call returns. */
  private current: IssuedToken | undefined;
  private previous: IssuedToken | undefined;

  constructor(
    private readonly appId: string,
    readonly kind: TokenKind,
    private readonly rules: PlatformRules,
    private readonly onIssued: (token: IssuedToken) => void,
  ) {}

  /** A classic call: issues a new token; old and new are both valid during the overlap. */
  rotateClassic(now: number): TokenGrant {
    // The platform keeps the newest two tokens; the one before them dies.
    if (this.previous) end(this.previous, now);
    if (this.current) {
      end(this.current, now + this.rules.overlapSeconds * 1000);
    }
    return this.issue(now, false);
  }

  /** A stable call: returns the current token, and in the last part of its life a new one beside it. */
  stable(now: number): TokenGrant {
    const left = this.current ? this.current.expiresAt - now : 0;
    // The second bound: less than a second cannot be expressed in expires_in.
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

  /** A call of WeCom's `gettoken`: the same token until its end. */
  wecom(now: number): TokenGrant {
    if (!this.current || now >= this.current.expiresAt) {
      return this.issue(now, false);
    }
    const rest = grant(this.current, now);
    return this.rules.wecomRepeatedLife === 'full'
      ? { ...rest, expiresIn: Math.floor(this.rules.lifeSeconds) }
      : // The last second counts as one: an answer does not say 0.
        { ...rest, expiresIn: Math.max(1, rest.expiresIn) };
  }

  /** A call of another program, which for a stable token is a forced one. */
  fetchElsewhere(now: number): TokenGrant {
    if (this.kind === 'stable') return this.forceStable(now);
    return this.kind === 'classic' ? this.rotateClassic(now) : this.wecom(now);
  }

  /** Drops all tokens; the next call issues a new one. */
  drop(now: number): void {
    this.killAll(now);
    this.current = undefined;
    this.previous = undefined;
  }

  /** Drops all tokens, but a normal call of stable_token or gettoken still returns the dead one. */
  dropSilently(now: number): void {
    this.killAll(now);
  }

  /** The token that the platform holds as current, even if silently dropped. */
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
      value: newValue(this.kind),
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

/** As long as the real ones, which begin like this on WeChat alone. */
function newValue(kind: TokenKind): string {
  return kind === 'wecom'
    ? randomBytes(160).toString('base64url')
    : `90_${randomBytes(105).toString('base64url')}`;
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
