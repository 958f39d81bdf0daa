import { Injectable } from '@nestjs/common';
import { TokenJournal } from '../observe/token-journal.js';
import { Replica } from '../replica.js';
import type { Lease, RenewedToken, TokenRow } from '../store/token-row.js';
import { TokenStore } from '../store/token-store.js';
import type { TokenName } from '../token-name.js';
import { WechatTokenSettings } from '../wechat-token.settings.js';

interface Unsaved {
  readonly lease: Lease;
  readonly token: RenewedToken;
  /** What the row held when the platform was asked. */
  readonly replaced: string | null;
}

/** R6: tokens that the platform issued and the database did not take. The write is tried again, not the call. */
@Injectable()
export class UnsavedTokens {
  private readonly byName = new Map<TokenName, Unsaved>();

  constructor(
    private readonly store: TokenStore,
    private readonly replica: Replica,
    private readonly journal: TokenJournal,
    private readonly settings: WechatTokenSettings,
  ) {}

  keep(unsaved: Unsaved): void {
    this.byName.set(unsaved.lease.name, unsaved);
  }

  /** Whether the row still holds what an unsaved token has replaced: there is nothing in it to serve. */
  outdates(row: TokenRow): boolean {
    const unsaved = this.byName.get(row.name);
    return unsaved !== undefined && unsaved.replaced === row.value;
  }

  /** Writes the token of that name, if there is one; it is forgotten once the row holds a newer one. */
  async save(name: TokenName): Promise<void> {
    const unsaved = this.byName.get(name);
    if (!unsaved) return;
    const { lease, token } = unsaved;
    const stored =
      (await this.store.storeRenewed(lease, token)) ||
      (await this.saveUnderNewLease(unsaved));
    if (stored === undefined) return;
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

  /** The lease has lapsed and another replica has held it since. False when it has brought a token, undefined while it may. */
  private async saveUnderNewLease({
    lease,
    token,
  }: Unsaved): Promise<boolean | undefined> {
    const row = await this.store.read(lease.name);
    if (!row || !this.outdates(row)) return false;
    const { leaseMs } = this.settings.refresh;
    const renewed = await this.store.claim(row, this.replica.id, leaseMs);
    if (!renewed) return undefined;
    const age = begin(renewed) - begin(lease);
    return this.store.storeRenewed(renewed, {
      ...token,
      refreshAfterMs: Math.round(token.refreshAfterMs - age),
      expiresAfterMs: Math.round(token.expiresAfterMs - age),
    });
  }
}

function begin(lease: Lease): number {
  return lease.until - lease.durationMs;
}
