// How is ONE token renewed?

import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { fingerprint } from '../common/fingerprint.js';
import { Replica } from '../common/replica.js';
import { TokenCache } from '../cache/token-cache.js';
import type { LeasedRow, TokenRow } from '../store/token-row.js';
import { TokenStore } from '../store/token-store.js';
import type { TokenName } from '../common/token-name.js';
import { TokenUnavailableError } from '../common/errors.js';
import { messages } from '../common/messages.js';
import { WechatTokenSettings } from '../common/settings.js';
import { LeasedRenewal, refusesInputs } from './leased-renewal.js';
import { decide, type RenewalIntent } from './policy.js';
import { type RefreshOutcome, served } from './refresh-outcome.js';
import {
  inputsOf,
  type RenewalTarget,
  RenewalTargets,
} from './renewal-target.js';
import { SingleFlight } from '../common/single-flight.js';
import { nobodyRenewed } from './token-unavailable.js';
import { TokenStates } from './token-states.js';
import { PendingWrites } from './pending-writes.js';

/** How often a waiting replica looks whether the holder of the lease has finished. */
const POLL_MS = 100;

/** A token whose lease was taken with those of others (R14), until its turn comes. */
export interface ClaimedToken extends LeasedRow {
  readonly target: RenewalTarget;
}

/**
 * The one way in which a token is renewed (R4): read the row, decide, take the lease on exactly that row, ask the platform,
 * write on exactly that lease. Whoever finds that the row has changed begins again.
 */
@Injectable()
export class Renewer {
  private readonly flights = new SingleFlight<RefreshOutcome>();
  private readonly claims = new Map<TokenName, ClaimedToken>();
  private readonly stopping = new AbortController();
  private forcedFlights = 0;

  constructor(
    private readonly targets: RenewalTargets,
    private readonly store: TokenStore,
    private readonly cache: TokenCache,
    private readonly states: TokenStates,
    private readonly leased: LeasedRenewal,
    private readonly pending: PendingWrites,
    private readonly replica: Replica,
    private readonly clock: Clock,
    private readonly settings: WechatTokenSettings,
  ) {}

  /** @throws TokenUnavailableError, RefreshBudgetError, UnknownAccountError, UnknownTokenError, SealedValueError, StoreError */
  renew(
    name: TokenName,
    intent: RenewalIntent,
    actor = this.replica.id,
  ): Promise<RefreshOutcome> {
    return this.flights.run(this.flightKey(name, intent), () =>
      this.run(name, intent, actor),
    );
  }

  /** Whoever renews such a token next, a caller who needs it or the cron, goes on with this claim. */
  hold(claims: readonly ClaimedToken[]): void {
    for (const claim of claims) this.claims.set(claim.row.name, claim);
  }

  holds(name: TokenName): boolean {
    return this.claims.has(name);
  }

  /** Gives back the leases whose turn has not come. */
  async letGo(): Promise<void> {
    const claims = [...this.claims.values()];
    this.claims.clear();
    // One that is not given back lapses by itself.
    await Promise.allSettled(
      claims.map(({ lease }) => this.store.release(lease)),
    );
  }

  /** Renewals that share a flight have the same key. */
  flightKey(name: TokenName, intent: RenewalIntent): string {
    switch (intent.kind) {
      case 'rejected':
        return `${name} rejected ${fingerprint(intent.value)}`;
      case 'forced':
        // Not shared: each operator is told what became of his own.
        return `${name} forced ${this.forcedFlights++}`;
      case 'gentle':
        return `${name} gentle ${intent.expected ?? ''}`;
      default:
        return `${name} due`;
    }
  }

  get isStopping(): boolean {
    return this.stopping.signal.aborted;
  }

  throwIfStopping(): void {
    if (this.isStopping)
      throw new TokenUnavailableError(messages.shuttingDown());
  }

  /** R12: nothing new begins and waiting ends at once; a call that is under way is waited for, and its answer stored. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.flights.settled();
  }

  private async run(
    name: TokenName,
    intent: RenewalIntent,
    actor: string,
  ): Promise<RefreshOutcome> {
    const target =
      this.claims.get(name)?.target ?? (await this.targets.get(name));
    const { leaseMs } = this.settings.refresh;
    let giveUpAt: number | undefined;
    let inputsRenewed = false;
    let hasTried = false;
    for (;;) {
      this.throwIfStopping();
      const claim = this.takeClaim(name);
      const row = claim?.row ?? (await this.currentRow(target));
      // By then the lease of a holder that died has lapsed, and this replica has had its own turn.
      giveUpAt ??= this.clock.now() + leaseMs + this.settings.api.timeoutMs;
      const state = this.states.state(row, target);
      // The cause of the refusal was mended just now: its back-off is for those who come later.
      const decision = decide(
        inputsRenewed ? { ...state, coolingFor: 0 } : state,
        intent,
      );
      if (claim && decision.kind !== 'renew')
        await this.store.release(claim.lease);
      if (decision.kind === 'serve') return served(row, state, intent);
      if (decision.kind === 'cooling-down')
        throw this.states.coolingDown(row, target);
      // A process that stood still meanwhile has had no turn yet.
      const hadItsTurn = hasTried || decision.kind === 'wait';
      if (!claim && hadItsTurn && this.clock.now() > giveUpAt)
        throw nobodyRenewed(name, this.settings.role);
      if (decision.kind === 'wait') {
        await this.clock
          .sleep(POLL_MS, this.stopping.signal)
          .catch(() => this.throwIfStopping());
        continue;
      }
      await target.source.ready();
      const inputs = await this.inputsFor(target, claim);
      hasTried = true;
      const lease =
        claim?.lease ?? (await this.store.claim(row, this.replica.id, leaseMs));
      if (!lease) continue;
      const renewal = { target, row, lease, intent, actor, inputs };
      try {
        const outcome = await this.leased.run(renewal);
        if (outcome) return outcome;
      } catch (error) {
        if (inputsRenewed || !refusesInputs(error, renewal)) throw error;
        for (const [input, value] of inputs)
          await this.renew(input, { kind: 'rejected', value });
        inputsRenewed = true;
      }
    }
  }

  private takeClaim(name: TokenName): ClaimedToken | undefined {
    const claim = this.claims.get(name);
    this.claims.delete(name);
    return claim;
  }

  /** The row as it is now, made when it is missing; this process's memory follows it. */
  private async currentRow(target: RenewalTarget): Promise<TokenRow> {
    const { name } = target;
    await this.pending.save(name);
    for (;;) {
      const row = await this.store.read(name);
      if (!row) {
        await this.store.insertMissing([{ name, remark: remarkOf(target) }]);
        continue;
      }
      this.states.adopt(row, target);
      return row;
    }
  }

  /** Valid before the lease is taken, unless it was taken with those of others. */
  private async inputsFor(
    target: RenewalTarget,
    claim: ClaimedToken | undefined,
  ): Promise<ReadonlyMap<TokenName, string>> {
    try {
      return await inputsOf(target, (name) => this.valueOf(name));
    } catch (error) {
      if (claim) await this.store.release(claim.lease).catch(() => undefined);
      throw error;
    }
  }

  private async valueOf(name: TokenName): Promise<string> {
    const usable = () => this.cache.usable(name, this.clock.now());
    if (!usable()) await this.renew(name, { kind: 'due' });
    const held = usable();
    if (!held) throw nobodyRenewed(name, this.settings.role);
    return held.value;
  }
}

/** What is said of a row in the table, for people. */
export function remarkOf({ source, account }: RenewalTarget): string {
  return `${source.kind} of ${account.appId}, kept valid by nestjs-wechat-token`;
}
