import { Injectable } from '@nestjs/common';
import type { CachedToken } from '../cache/cached-token.js';
import { TokenCache } from '../cache/token-cache.js';
import { Clock } from '../common/clock.js';
import { inParallel } from '../common/in-parallel.js';
import { WechatTokenSettings } from '../common/settings.js';
import type { TokenName } from '../common/token-name.js';
import { TokenJournal } from '../observe/token-journal.js';
import { PendingWrites } from '../renewal/pending-writes.js';
import type { RenewalTarget } from '../renewal/policy/renewal-target.js';
import { toUpdate } from '../renewal/token-update.js';
import type { HeldRow } from '../store/statements/statement-parameters.js';
import { TargetLookups } from './target-lookups.js';

/** Up to a thousand tokens are looked at in five polls. */
const MIN_SLICE = 200;
/** What one statement looks at, at most. */
const MAX_SLICE = 1000;
/** In so many polls all of them, as far as MAX_SLICE allows. */
const POLLS = 60;

/**
 * R13: tokens in memory whose rows are deleted, emptied or replaced by older ones are written again. Each poll asks for a slice of
 * what this replica holds; a reader asks for nothing and writes nothing.
 */
@Injectable()
export class LostRows {
  private rest: Iterator<[TokenName, CachedToken]>;

  constructor(
    private readonly cache: TokenCache,
    private readonly lookups: TargetLookups,
    private readonly pending: PendingWrites,
    private readonly journal: TokenJournal,
    private readonly clock: Clock,
    private readonly settings: WechatTokenSettings,
  ) {
    this.rest = cache.held();
  }

  /** The tokens whose rows are looked at next. */
  nextSlice(): HeldRow[] {
    const slice: HeldRow[] = [];
    if (this.settings.role === 'reader') return slice;
    const now = this.clock.now();
    const { size } = this.cache;
    const share = Math.max(MIN_SLICE, Math.ceil(size / POLLS));
    for (let left = Math.min(size, share, MAX_SLICE); left > 0; left--) {
      const next = this.next();
      if (!next) break;
      const [name, { version, knownAt, serveUntil }] = next;
      if (knownAt <= now && now < serveUntil) slice.push({ name, version });
    }
    return slice;
  }

  /** Writes these tokens again, as far as their accounts are still known, and no newer token is stored by then. */
  async restore(names: readonly TokenName[]): Promise<void> {
    if (names.length === 0) return;
    const { found } = await this.lookups.findAll(names);
    const { concurrency } = this.settings.refresh;
    await inParallel(found.values(), concurrency, async (target) => {
      if (target) await this.restoreOne(target);
    });
  }

  /** Round and round. */
  private next(): [TokenName, CachedToken] | undefined {
    let next = this.rest.next();
    if (next.done) {
      this.rest = this.cache.held();
      next = this.rest.next();
    }
    return next.done ? undefined : next.value;
  }

  private async restoreOne(target: RenewalTarget): Promise<void> {
    const { name, account } = target;
    const held = this.cache.usable(name, this.clock.now());
    if (held?.credentialId !== account.credentialId) return;
    const { value, issuedAt: since, expiresAt } = held;
    const issued = { value, lifeMs: Math.round(expiresAt - since) };
    const token = toUpdate(issued, target, this.settings.refresh);
    try {
      await this.pending.restore({ name, token, since });
    } catch (error) {
      this.journal.notRenewed(name, error);
    }
  }
}
