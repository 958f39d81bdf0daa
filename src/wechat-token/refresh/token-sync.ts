import { Injectable } from '@nestjs/common';
import { Clock } from '../clock.js';
import { TokenJournal } from '../observe/token-journal.js';
import { TokenStore } from '../store/token-store.js';
import type { TokenName } from '../token-name.js';
import {
  isUnknownAccountError,
  isUnknownTokenError,
} from '../wechat-token.errors.js';
import { RenewalTargets } from './renewal-target.js';
import { TokenView } from './token-view.js';

/** R13: what another replica has written is in this one's memory within a second, for one indexed query a second. */
@Injectable()
export class TokenSync {
  private syncedAt: number;
  private running: Promise<void> | undefined;
  private failing = false;

  constructor(
    private readonly store: TokenStore,
    private readonly targets: RenewalTargets,
    private readonly view: TokenView,
    private readonly journal: TokenJournal,
    private readonly clock: Clock,
  ) {
    this.syncedAt = clock.now();
  }

  /** Takes over everything that was written since the last time; one at a time. */
  pull(): Promise<void> {
    this.running ??= this.read().finally(() => (this.running = undefined));
    return this.running;
  }

  /** Says once, not each second, that the database is away. */
  private async read(): Promise<void> {
    try {
      const startedAt = this.clock.now();
      const rows = await this.store.changedWithin(startedAt - this.syncedAt);
      for (const row of rows) {
        const target = await this.targets
          .get(row.name)
          .catch((error: unknown) => this.passOver(row.name, error));
        if (target) this.view.adopt(row, target);
      }
      this.syncedAt = startedAt;
      this.failing = false;
    } catch (error) {
      if (!this.failing) this.journal.problem('news not read', error);
      this.failing = true;
    }
  }

  /** One account that cannot be looked up keeps no news from the others. Another program's token is none of ours. */
  private passOver(name: TokenName, error: unknown): undefined {
    if (!isUnknownAccountError(error) && !isUnknownTokenError(error))
      this.journal.notRenewed(name, error);
  }
}
