import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { TokenJournal } from '../observe/token-journal.js';
import { Replica } from '../common/replica.js';
import type { Lease, TokenUpdate, TokenRow } from '../store/token-row.js';
import { TokenStore } from '../store/token-store.js';
import type { TokenName } from '../common/token-name.js';
import { WechatTokenSettings } from '../common/settings.js';
import { inParallel } from '../common/in-parallel.js';
import { isUnchanged } from './token-update.js';

export interface PendingWrite {
  readonly name: TokenName;
  readonly token: TokenUpdate;
  /** On this process's clock, before the platform was asked: its lives count from here, and a row written earlier is older. */
  readonly since: number;
  /** The one it was fetched under, if there was one. */
  readonly lease?: Lease;
}

/** R6, R11: tokens that the platform issued and the database does not have yet. The write is tried again, not the call. */
@Injectable()
export class PendingWrites {
  private readonly byName = new Map<TokenName, PendingWrite>();

  constructor(
    private readonly store: TokenStore,
    private readonly replica: Replica,
    private readonly journal: TokenJournal,
    private readonly clock: Clock,
    private readonly settings: WechatTokenSettings,
  ) {}

  /** Unless a newer one is here: an answer may have been long on its way. */
  keep(unsaved: PendingWrite): void {
    const known = this.get(unsaved.name);
    if (!known || known.since <= unsaved.since)
      this.byName.set(unsaved.name, unsaved);
  }

  get(name: TokenName): PendingWrite | undefined {
    return this.byName.get(name);
  }

  /** Whether the row was written before an unsaved token was asked for: there is nothing in it to serve. */
  outdates(row: TokenRow): boolean {
    const unsaved = this.get(row.name);
    return unsaved !== undefined && this.isOlder(row, unsaved);
  }

  /** Writes the token of that name, if there is one; it is forgotten once the row holds a newer one. */
  async save(name: TokenName): Promise<void> {
    const unsaved = this.get(name);
    if (!unsaved) return;
    const { lease, token, since } = unsaved;
    if (this.clock.now() >= since + token.expiresAfterMs)
      return this.forget(unsaved);
    const stored =
      (lease && (await this.store.storeRenewed(lease, token))) ||
      (await this.saveUnderNewLease(unsaved));
    if (stored === undefined) return;
    this.journal.storedLate(name, stored);
    this.forget(unsaved);
  }

  /** Tries each of them, whatever becomes of the others. @throws StoreError when one was not written. */
  async saveAll(): Promise<void> {
    const { concurrency } = this.settings.refresh;
    const failures: unknown[] = [];
    await inParallel([...this.byName.keys()], concurrency, async (name) => {
      await this.save(name).catch((error: unknown) => failures.push(error));
    });
    if (failures.length > 0) throw failures[0];
  }

  private isOlder(row: TokenRow, { since }: PendingWrite): boolean {
    const writtenAt = this.clock.now() + (row.updatedInMs ?? -Infinity);
    return row.value === null || writtenAt <= since;
  }

  private forget(unsaved: PendingWrite): void {
    const { name } = unsaved;
    if (this.get(name) === unsaved) this.byName.delete(name);
  }

  /** False when the row holds a newer token by now, undefined while another replica's lease may bring one. */
  private async saveUnderNewLease(
    unsaved: PendingWrite,
  ): Promise<boolean | undefined> {
    const { name, token, since, lease: lost } = unsaved;
    const row = await this.store.read(name);
    if (!row || !this.isOlder(row, unsaved)) return row?.value === token.value;
    const { leaseMs } = this.settings.refresh;
    const lease = await this.store.claim(row, this.replica.id, leaseMs);
    if (!lease) return undefined;
    const age = lease.until - lease.durationMs - since;
    // Whoever held the lease in between may have asked WeChat and lost the answer: then this token ends soon.
    const refreshAfterMs = lost ? 0 : Math.round(token.refreshAfterMs - age);
    return this.store.storeRenewed(lease, {
      ...token,
      unchanged: isUnchanged(token, row),
      refreshAfterMs,
      expiresAfterMs: Math.round(token.expiresAfterMs - age),
    });
  }
}
