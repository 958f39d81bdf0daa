import { Injectable } from '@nestjs/common';
import type { TokenName } from '../token-name.js';
import type { Lease, RenewedToken } from '../store/token-row.js';
import { TokenJournal } from '../observe/token-journal.js';
import { TokenStore } from '../store/token-store.js';

/** R6: tokens that the platform issued and the database did not take. The write is tried again, not the call. */
@Injectable()
export class UnsavedTokens {
  private readonly byName = new Map<
    TokenName,
    { lease: Lease; token: RenewedToken }
  >();

  constructor(
    private readonly store: TokenStore,
    private readonly journal: TokenJournal,
  ) {}

  keep(lease: Lease, token: RenewedToken): void {
    this.byName.set(lease.name, { lease, token });
  }

  /** Writes the token of that name, if there is one; it is forgotten when another replica has written a newer one since. */
  async save(name: TokenName): Promise<void> {
    const unsaved = this.byName.get(name);
    if (!unsaved) return;
    const stored = await this.store.storeRenewed(unsaved.lease, unsaved.token);
    this.journal.storedLate(name, stored);
    if (this.byName.get(name) === unsaved) this.byName.delete(name);
  }

  /** Tries each of them, whatever becomes of the others. @throws StoreError when one was not written. */
  async saveAll(): Promise<void> {
    const names = [...this.byName.keys()];
    const saved = await Promise.allSettled(names.map((n) => this.save(n)));
    const failed = saved.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  }
}
