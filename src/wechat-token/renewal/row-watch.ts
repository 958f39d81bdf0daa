import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { type Deadline, withDeadline } from '../common/deadline.js';
import { TokenUnavailableError } from '../common/errors.js';
import { messages } from '../common/messages.js';
import { RETRY_MS } from '../common/timing.js';
import type { TokenRow } from '../store/token-row.js';
import { TokenStore } from '../store/token-store.js';
import { Leases } from './leases.js';
import { decide, type RenewalIntent } from './policy/policy.js';
import type { RenewalTarget } from './policy/renewal-target.js';
import { TokenStates } from './token-states.js';

/** Rows that one statement reads. */
const MAX_ROWS = 1000;

/** Someone who waits for a row. */
interface Watcher {
  readonly target: RenewalTarget;
  readonly intent: RenewalIntent;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * All who wait for tokens that others renew, or that cannot be renewed now: one statement a second reads the rows of all of them, as
 * long as somebody waits.
 */
@Injectable()
export class RowWatch {
  private readonly watchers = new Set<Watcher>();
  private readonly stopping = new AbortController();
  private isWatching = false;

  constructor(
    private readonly store: TokenStore,
    private readonly states: TokenStates,
    private readonly leases: Leases,
    private readonly clock: Clock,
  ) {}

  /**
   * Resolves when the row says that there is nothing to wait for: the token may be renewed now, or needs no renewal any more.
   * @throws TokenUnavailableError while a cool-down lasts; SealedValueError; StoreError; and what the deadline throws.
   */
  async wait(
    target: RenewalTarget,
    intent: RenewalIntent,
    deadline: Deadline,
  ): Promise<void> {
    if (this.stopping.signal.aborted) throw stopped();
    let leave = () => {};
    const news = new Promise<void>((resolve, reject) => {
      const watcher = { target, intent, resolve, reject };
      this.watchers.add(watcher);
      leave = () => this.watchers.delete(watcher);
    });
    if (!this.isWatching) void this.watch();
    try {
      await withDeadline(news, this.clock, deadline);
    } finally {
      leave();
    }
  }

  /** R12: all waits end at once. */
  stop(): void {
    this.stopping.abort();
    for (const { reject } of this.watchers) reject(stopped());
  }

  private async watch(): Promise<void> {
    const { signal } = this.stopping;
    this.isWatching = true;
    while (this.watchers.size > 0 && !signal.aborted) {
      await this.clock.sleep(RETRY_MS, signal).catch(() => undefined);
      const watchers = [...this.watchers];
      while (watchers.length > 0) await this.look(watchers.splice(0, MAX_ROWS));
    }
    this.isWatching = false;
  }

  private async look(watchers: readonly Watcher[]): Promise<void> {
    try {
      const names = new Set(watchers.map(({ target }) => target.name));
      const { rows, unreadable } = await this.store.readAll([...names]);
      const rowOf = new Map(rows.map((row) => [row.name, row]));
      const errorOf = new Map(unreadable.map((row) => [row.name, row.error]));
      for (const watcher of watchers) {
        const { name } = watcher.target;
        const error = errorOf.get(name);
        if (error) watcher.reject(error);
        else this.tell(watcher, rowOf.get(name));
      }
    } catch (error) {
      for (const { reject } of watchers) reject(error);
    }
  }

  /** A renewal inserts a row that was deleted, and uses a lease that this replica has taken since. */
  private tell(
    { target, intent, resolve, reject }: Watcher,
    row: TokenRow | undefined,
  ): void {
    if (!row || this.leases.get(row.name)) return resolve();
    this.states.adopt(row, target.account);
    const decision = decide(this.states.of(row, target), intent);
    if (decision === 'cooling-down')
      reject(this.states.coolingDown(row, target));
    else if (decision !== 'wait') resolve();
  }
}

function stopped(): TokenUnavailableError {
  return new TokenUnavailableError(messages.shuttingDown());
}
