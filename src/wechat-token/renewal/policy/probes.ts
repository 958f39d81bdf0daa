import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import type { TokenName } from '../../common/token-name.js';

const EVERY_MS = 1000;

/** R8: this replica's probes of what is stopped, one a second at most, whoever wants them. */
@Injectable()
export class Probes {
  private readonly waiting = new Set<TokenName>();
  private nextAt = -Infinity;

  constructor(private readonly clock: Clock) {}

  /** Milliseconds until one may be made. */
  get wait(): number {
    return Math.max(0, this.nextAt - this.clock.now());
  }

  get areWaiting(): boolean {
    return this.waiting.size > 0;
  }

  /** The token waits for its turn. @returns When that is about, milliseconds from now. */
  add(name: TokenName): number {
    this.waiting.add(name);
    return this.wait + this.waiting.size * EVERY_MS;
  }

  /** The token whose turn it is, if one may be made now. */
  next(): TokenName | undefined {
    if (this.wait > 0) return undefined;
    const [name] = this.waiting;
    if (name !== undefined) this.waiting.delete(name);
    return name;
  }

  /** One is made now. */
  begin(name: TokenName): void {
    this.waiting.delete(name);
    this.nextAt = this.clock.now() + EVERY_MS;
  }
}
