import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { isSealedValueError, isStoreError } from '../common/errors.js';
import { fingerprint } from '../common/fingerprint.js';
import { RowConflicts } from '../observe/row-conflicts.js';
import { TokenJournal } from '../observe/token-journal.js';
import {
  type Lease,
  otherHolder,
  type TokenUpdate,
  type TokenRow,
} from '../store/token-row.js';
import { TokenStore } from '../store/token-store.js';
import type { TokenName } from '../common/token-name.js';
import { WechatTokenSettings } from '../common/settings.js';
import { inParallel } from '../common/in-parallel.js';
import { Leases } from './leases.js';
import { remarkOf } from './policy/renewal-target.js';
import { previousIn } from './token-update.js';

interface PendingWrite {
  readonly name: TokenName;
  readonly token: TokenUpdate;
  /** On this process's clock, before the platform was asked: lives count from here, and a row written earlier is older. */
  readonly since: number;
  /** The lease under which the token was issued, if there was one. */
  readonly lease?: Lease;
  /** It was stored, and its row was lost since (R13). */
  readonly isLost?: true;
}

/** R6, R11: tokens that the platform issued and that are not stored yet. The write is retried, not the call. */
@Injectable()
export class PendingWrites {
  private readonly byName = new Map<TokenName, PendingWrite>();

  constructor(
    private readonly store: TokenStore,
    private readonly leases: Leases,
    private readonly journal: TokenJournal,
    private readonly conflicts: RowConflicts,
    private readonly clock: Clock,
    private readonly settings: WechatTokenSettings,
  ) {}

  /** Writes a token under the lease that it was issued under. A token that could not be written is kept: the write is retried. */
  async write(
    name: TokenName,
    token: TokenUpdate,
    lease: Lease,
  ): Promise<'stored' | 'not stored' | 'lease lost'> {
    const since = lease.until - lease.durationMs;
    try {
      if (await this.store.storeRenewed(lease, token)) {
        this.conflicts.clear(name);
        return 'stored';
      }
      // The replica that has taken the lease over may store a newer token, or none.
      this.keep({ name, token, since, lease });
      return 'lease lost';
    } catch (error) {
      if (!isStoreError(error)) throw error;
      this.keep({ name, token, since, lease });
      this.journal.notStored(name, error.message);
      return 'not stored';
    }
  }

  /** Keeps a token, unless a newer one is kept already: an answer may arrive late. */
  keep(write: PendingWrite): void {
    const known = this.get(write.name);
    if (known && known.since > write.since) return;
    this.byName.set(write.name, write);
    this.reportCount();
  }

  /**
   * R13: writes a token whose row was lost, unless a newer one is stored by then, or waits to be written.
   * @throws StoreError: then it waits to be written; SealedValueError for a row that it does not replace.
   */
  async restore(write: PendingWrite): Promise<void> {
    const lost = { ...write, isLost: true } as const;
    if (!this.get(write.name)) this.keep(lost);
    await this.save(write.name).catch((error: unknown) => {
      if (isSealedValueError(error)) this.forget(lost);
      throw error;
    });
  }

  get(name: TokenName): PendingWrite | undefined {
    return this.byName.get(name);
  }

  /** How many tokens wait to be written. */
  get size(): number {
    return this.byName.size;
  }

  /** Whether the row is older than a token that waits to be written: the row's token must not be served. */
  outdates(row: TokenRow): boolean {
    const write = this.get(row.name);
    return write !== undefined && this.isOlder(row, write);
  }

  /** Writes the token of that name, if one is kept; dropped once the row holds it or a newer one. @throws StoreError */
  async save(name: TokenName): Promise<void> {
    const write = this.get(name);
    if (!write) return;
    const { lease, token, since } = write;
    if (this.clock.now() >= since + token.expiresAfterMs)
      return this.forget(write);
    const stored =
      (lease && (await this.store.storeRenewed(lease, token))) ||
      (await this.saveUnderNewLease(write));
    if (stored === undefined) return;
    if (write.isLost) this.reportRestored(write, stored);
    else this.journal.storedLate(name, stored);
    this.forget(write);
  }

  /**
   * The row as it is now, made when it is missing, after the token that waits to be written.
   * @throws StoreError, SealedValueError
   */
  async readRow(name: TokenName, appId: string): Promise<TokenRow> {
    await this.save(name);
    return this.store.readOrInsert(name, remarkOf(name, appId));
  }

  /** Writes all of them, each whatever becomes of the others. @throws StoreError when one was not written. */
  async saveAll(): Promise<void> {
    const { concurrency } = this.settings.refresh;
    const failures: unknown[] = [];
    await inParallel([...this.byName.keys()], concurrency, async (name) => {
      await this.save(name).catch((error: unknown) => failures.push(error));
    });
    if (failures.length > 0) throw failures[0];
  }

  /** R12: nothing that was issued is lost with the process. @throws StoreError */
  stop(): Promise<void> {
    return this.saveAll();
  }

  private isOlder(row: TokenRow, { since }: PendingWrite): boolean {
    const writtenAt = this.clock.now() + row.updatedInMs;
    return row.value === null || writtenAt <= since;
  }

  private forget(write: PendingWrite): void {
    const { name } = write;
    if (this.get(name) !== write) return;
    this.byName.delete(name);
    this.reportCount();
  }

  private reportCount(): void {
    this.journal.observe('pending', { count: this.byName.size });
  }

  /** False when the row holds a newer token already, undefined while another replica's lease may bring one, or another app keeps it. */
  private async saveUnderNewLease(
    write: PendingWrite,
  ): Promise<boolean | undefined> {
    const { name, token, since, lease: lost, isLost } = write;
    const found = await this.store.read(name);
    const remark = remarkOf(name, token.appId);
    const row = found ?? (await this.store.readOrInsert(name, remark));
    if (otherHolder(row, token)) return undefined;
    // A lost one that is there again was written by another replica.
    if (!this.isOlder(row, write)) return !isLost && row.value === token.value;
    const lease = await this.leases.claim(row);
    if (!lease) return undefined;
    const age = lease.until - lease.durationMs - since;
    const unchanged = previousIn(row, row.readAt).value === token.value;
    const lifeLeft = Math.round(token.expiresAfterMs - age);
    // What is written of a life is never more than the truth.
    const expiresAfterMs = unchanged
      ? Math.min(lifeLeft, Math.floor(row.expiresInMs))
      : lifeLeft;
    // A lease holder in between may have asked WeChat and lost the answer: then this token expires soon.
    const refreshAfterMs =
      lost && found
        ? 0
        : Math.min(
            Math.round(token.refreshAfterMs - age),
            Math.max(0, expiresAfterMs),
          );
    const aged = {
      ...token,
      unchanged,
      sameEnd: false,
      issuedAfterMs: -Math.round(age),
      refreshAfterMs,
      expiresAfterMs,
      nextAfterMs: Math.min(token.nextAfterMs, refreshAfterMs),
    };
    try {
      return await this.store.storeRenewed(lease, aged);
    } catch (error) {
      // The next attempt claims a lease of its own.
      await this.leases.release(lease);
      throw error;
    }
  }

  /** Of several replicas that hold the token, by the one that has written it. */
  private reportRestored(
    { name, token }: PendingWrite,
    isWritten: boolean,
  ): void {
    const actor = this.leases.owner;
    if (isWritten)
      this.journal.restored({
        name,
        actor,
        fingerprint: fingerprint(token.value),
      });
  }
}
