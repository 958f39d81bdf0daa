import type { CachedToken } from './cached-token.js';

/** How long it is known beforehand which tokens are carefree. */
const FORESIGHT_MS = 60_000;
/** Of a life that is longer: a process that was stopped in the midst of its work has the rest of that to go on with. */
const STANDSTILL_MS = 240_000;
/** The most carefree tokens that are kept apart: a map that is filled anew each minute must not become large. */
const MOST = 100_000;

/**
 * The tokens of one kind that this process holds. Those that are read and will be _carefree_ for a minute, that is neither due
 * nor near their end, are kept apart: to find one of them is one look into a map (R1).
 */
export class TokensByAccount {
  private readonly held = new Map<string, CachedToken>();
  private readonly promises = new Map<string, Promise<string>>();
  private carefreeUntil = -Infinity;

  get size(): number {
    return this.held.size;
  }

  accounts(): IterableIterator<string> {
    return this.held.keys();
  }

  get(account: string): CachedToken | undefined {
    return this.held.get(account);
  }

  set(account: string, token: CachedToken): void {
    this.held.set(account, token);
    this.promises.delete(account);
  }

  delete(account: string): void {
    this.held.delete(account);
    this.promises.delete(account);
  }

  /**
   * A token that may be handed out at `now`, and also minutes later: the time of a turn of the event loop is exact enough (R2).
   * Undefined for one that wants a closer look.
   */
  carefree(account: string, now: number): Promise<string> | undefined {
    if (now >= this.carefreeUntil) {
      this.promises.clear();
      this.carefreeUntil = now + FORESIGHT_MS;
    }
    return this.promises.get(account) ?? this.foresee(account);
  }

  private foresee(account: string): Promise<string> | undefined {
    const token = this.held.get(account);
    if (!token) return undefined;
    const { promise, refreshAt, serveUntil } = token;
    if (Math.min(refreshAt, serveUntil - STANDSTILL_MS) < this.carefreeUntil)
      return undefined;
    if (this.promises.size < MOST) this.promises.set(account, promise);
    return promise;
  }
}
