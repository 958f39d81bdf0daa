import { Injectable } from '@nestjs/common';
import type { TokenName } from '../token-name.js';

/** A token in this process's memory. Instants are on this process's clock. */
export interface HeldToken {
  readonly value: string;
  /** Already resolved with the value, so that handing it out allocates nothing (R1). */
  readonly promise: Promise<string>;
  readonly version: number;
  /** From here on a read starts a renewal in the background (R2). */
  readonly refreshAt: number;
  /** From here on it is not handed out: its end, less a small safety margin (R2). */
  readonly serveUntil: number;
  /** When the platform ends it. */
  readonly expiresAt: number;
}

/** What this process knows of each token. Only ever replaced by something newer. */
@Injectable()
export class TokenMemory {
  private readonly held = new Map<TokenName, HeldToken>();

  get(name: TokenName): HeldToken | undefined {
    return this.held.get(name);
  }

  /** The token, if it may be handed out at `now`. */
  usable(name: TokenName, now: number): HeldToken | undefined {
    const held = this.held.get(name);
    return held && now < held.serveUntil ? held : undefined;
  }

  /** Takes a token over, unless a newer one is known already. */
  adopt(name: TokenName, token: Omit<HeldToken, 'promise'>): void {
    const known = this.held.get(name);
    if (known && known.version > token.version) return;
    const promise =
      known?.value === token.value
        ? known.promise
        : Promise.resolve(token.value);
    this.held.set(name, { ...token, promise });
  }

  /** Nothing can be done about this token before `at`: reads until then start nothing. */
  delayRenewal(name: TokenName, at: number): void {
    const known = this.held.get(name);
    if (known && known.refreshAt < at)
      this.held.set(name, { ...known, refreshAt: at });
  }
}
