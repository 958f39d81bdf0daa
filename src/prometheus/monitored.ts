import type { HeldTokens, TokenMonitor } from '../wechat-token/index.js';

/** What a scrape asks for: before the module has started, nothing. */
export class Monitored {
  monitor: TokenMonitor | undefined;
  private reading: Promise<HeldTokens> | undefined;

  constructor(private readonly maxTokens: number) {}

  /** One look for all metrics of a scrape. */
  held(): Promise<HeldTokens | undefined> {
    this.reading ??= this.monitor
      ?.held(this.maxTokens)
      .finally(() => (this.reading = undefined));
    return this.reading ?? Promise.resolve(undefined);
  }
}
