import { Injectable } from '@nestjs/common';
import type { TokenName } from '../common/token-name.js';
import { WechatTokenSettings } from '../common/settings.js';

/** Whose turn it is to call WeChat, of those tokens that the cron renews: so many at a time, in the order of coming. */
@Injectable()
export class Slots {
  private readonly running = new Set<TokenName>();
  private readonly waiting: { name: TokenName; begin: () => void }[] = [];

  constructor(private readonly settings: WechatTokenSettings) {}

  /** Resolves when it is this token's turn. */
  begin(name: TokenName): Promise<void> {
    if (this.running.size >= this.settings.refresh.concurrency)
      return new Promise((begin) => this.waiting.push({ name, begin }));
    this.running.add(name);
    return Promise.resolve();
  }

  /** WeChat has answered, or will not be asked. Of a token that has no turn nothing ends. */
  end(name: TokenName): void {
    if (!this.running.delete(name)) return;
    const next = this.waiting.shift();
    if (!next) return;
    this.running.add(next.name);
    next.begin();
  }
}
