import { Injectable } from '@nestjs/common';
import { Replica } from '../common/replica.js';
import { WechatTokenSettings } from '../common/settings.js';
import type { TokenName } from '../common/token-name.js';
import { TokenJournal } from '../observe/token-journal.js';
import type { Lease, LeasedRow, TokenRow } from '../store/token-row.js';
import { TokenStore } from '../store/token-store.js';
import { Issuer } from '../upstream/issuer.js';
import type { RenewalTarget } from './policy/renewal-target.js';

/** A lease that was claimed together with those of other tokens (R14), and is not used yet. */
interface HeldLease extends LeasedRow {
  readonly target: RenewalTarget;
}

/** The leases of this replica: claimed one by one, or held from a batch until they are used or given back. */
@Injectable()
export class Leases {
  private readonly held = new Map<TokenName, HeldLease>();

  constructor(
    private readonly store: TokenStore,
    private readonly replica: Replica,
    private readonly journal: TokenJournal,
    private readonly issuer: Issuer,
    private readonly settings: WechatTokenSettings,
  ) {}

  /** As leases and events name this replica. */
  get owner(): string {
    return this.replica.id;
  }

  /** Awaited before a lease is taken, since its time runs: resolves when the platform can be called at once. */
  ready(): Promise<void> {
    return this.issuer.ready();
  }

  /** R4: the lease on exactly that row; undefined when another replica was faster. */
  async claim(row: TokenRow): Promise<Lease | undefined> {
    const { leaseMs } = this.settings.refresh;
    const lease = await this.store.claim(row, this.replica.id, leaseMs);
    if (lease) this.taken(row);
    return lease;
  }

  /** Keeps leases until their tokens are renewed, by a caller who needs one of them or by the cron. */
  hold(leases: readonly HeldLease[]): void {
    for (const lease of leases) {
      this.held.set(lease.row.name, lease);
      this.taken(lease.row);
    }
  }

  get(name: TokenName): HeldLease | undefined {
    return this.held.get(name);
  }

  /** The held lease of that token, for whoever renews it now. */
  use(name: TokenName): HeldLease | undefined {
    const lease = this.held.get(name);
    this.held.delete(name);
    return lease;
  }

  /** Gives a lease back; a refresher looks at the row again after `nextMs`. One that cannot be given back expires by itself. */
  async release(lease: Lease, nextMs = 0): Promise<void> {
    await this.store.release(lease, nextMs).catch(() => undefined);
  }

  /** Gives back all leases that were not used. */
  async releaseHeld(): Promise<void> {
    const leases = [...this.held.values()];
    this.held.clear();
    await Promise.all(leases.map(({ lease }) => this.release(lease)));
  }

  /** A lease that was given back names no owner: this one has run out. */
  private taken({ name, leaseOwner: from }: TokenRow): void {
    if (from !== null && from !== this.replica.id)
      this.journal.observe('takeover', { name, from });
  }
}
