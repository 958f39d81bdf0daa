import { Injectable } from '@nestjs/common';
import { WechatTokenSettings } from '../common/settings.js';
import type { TokenName } from '../common/token-name.js';

/** Slots for the calls to the platform that the cron makes: at most `concurrency` at a time, first come, first served. */
@Injectable()
export class Slots {
  private readonly taken = new Set<TokenName>();
  private readonly waiting: { name: TokenName; take: () => void }[] = [];

  constructor(private readonly settings: WechatTokenSettings) {}

  /** Resolves when the token has a slot. */
  acquire(name: TokenName): Promise<void> {
    if (this.taken.size >= this.settings.refresh.concurrency)
      return new Promise((take) => this.waiting.push({ name, take }));
    this.taken.add(name);
    return Promise.resolve();
  }

  /** The platform has answered, or will not be asked. A token without a slot, such as a caller's, is ignored. */
  release(name: TokenName): void {
    if (!this.taken.delete(name)) return;
    const next = this.waiting.shift();
    if (!next) return;
    this.taken.add(next.name);
    next.take();
  }
}
