// How is ONE token renewed?

import { Injectable } from '@nestjs/common';
import type { Deadline } from '../common/deadline.js';
import { TokenUnavailableError } from '../common/errors.js';
import { fingerprint } from '../common/fingerprint.js';
import { messages } from '../common/messages.js';
import { SingleFlight } from '../common/single-flight.js';
import type { TokenName } from '../common/token-name.js';
import type { InputTokens } from '../sources/token-source.js';
import type { LeasedRow, TokenRow } from '../store/token-row.js';
import { Leases } from './leases.js';
import { LeasedRenewal } from './leased-renewal.js';
import { ANOTHER_REPLICA_MS } from './policy/back-off.js';
import { decide, isReport, type RenewalIntent } from './policy/policy.js';
import { served, unconfirmed } from './refresh-outcome.js';
import type { RefreshOutcome } from './refresh-outcome.types.js';
import { type RenewalTarget, RenewalTargets } from './policy/renewal-target.js';
import { RowWatch } from './row-watch.js';
import { TokenStates } from './token-states.js';
import { rowConflict } from './token-unavailable.js';

/** A renewal that was asked for, and how far it has come. */
interface RenewalRequest {
  readonly target: RenewalTarget;
  readonly intent: RenewalIntent;
  /** Who asked: a replica, or the id of an API key. */
  readonly actor: string;
  readonly onAnswer: (() => void) | undefined;
}

/** `others renew`: another replica is about to renew the token; for a reader, any refresher. Nobody waits for it here. */
export type Renewed = RefreshOutcome | 'others renew';

/**
 * The one way in which a token is renewed under a lease (R4): read the row, decide, take the lease on exactly that row, ask the
 * platform, write on exactly that lease. When that lease was lost, it begins again.
 */
@Injectable()
export class Renewer {
  private readonly flights = new SingleFlight<Renewed>();
  private stopping = false;
  private forcedFlights = 0;

  /** Whoever waits for a token that is made from another one tries again when nobody renews that one. */
  private readonly inputs: InputTokens;

  constructor(
    private readonly targets: RenewalTargets,
    private readonly states: TokenStates,
    private readonly leases: Leases,
    private readonly leased: LeasedRenewal,
    private readonly watch: RowWatch,
  ) {
    this.inputs = states.inputTokens((name, intent) =>
      this.renew(name, intent),
    );
  }

  /**
   * @param onAnswer Called when the platform has answered, before the answer is written.
   * @throws TokenUnavailableError, RefreshBudgetError, UnknownAccountError, UnknownTokenError, RowConflictError, SealedValueError,
   * StoreError
   */
  renew(
    name: TokenName,
    intent: RenewalIntent,
    actor = this.leases.owner,
    onAnswer?: () => void,
  ): Promise<Renewed> {
    const key = this.flightKey(name, intent);
    // Not shared where one's share of a budget is spent.
    const ownKey = isReport(intent) ? `${key} ${actor}` : key;
    return this.flights.run(ownKey, () =>
      this.run(name, intent, actor, onAnswer),
    );
  }

  /** Waits until the token may be renewed, or others have renewed it. @throws as {@link RowWatch.wait} */
  waitForOthers(
    target: RenewalTarget,
    intent: RenewalIntent,
    deadline: Deadline,
  ): Promise<void> {
    return this.watch.wait(target, intent, deadline);
  }

  /** Renewals that share a flight have the same key. */
  flightKey(name: TokenName, intent: RenewalIntent): string {
    switch (intent.kind) {
      case 'rejected':
      case 'reported':
        return `${name} ${intent.kind} ${fingerprint(intent.value)}`;
      case 'forced':
        // Not shared: each operator gets the outcome of a renewal of their own.
        return `${name} forced ${this.forcedFlights++}`;
      case 'normal':
        return `${name} normal ${intent.expected ?? ''}`;
      default:
        return `${name} due`;
    }
  }

  /** As leases and events name this replica. */
  get owner(): string {
    return this.leases.owner;
  }

  get isStopping(): boolean {
    return this.stopping;
  }

  throwIfStopping(): void {
    if (this.isStopping)
      throw new TokenUnavailableError(messages.shuttingDown());
  }

  /**
   * R12: no renewal begins any more; a call in flight is awaited, and its answer stored. Waiting ends after that: some wait for
   * that very answer.
   */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.flights.settled();
    this.watch.stop();
  }

  private async run(
    name: TokenName,
    intent: RenewalIntent,
    actor: string,
    onAnswer: (() => void) | undefined,
  ): Promise<Renewed> {
    const target =
      this.leases.get(name)?.target ?? (await this.targets.get(name));
    const request = { target, intent, actor, onAnswer };
    for (;;) {
      this.throwIfStopping();
      const renewed = await this.attempt(request);
      if (renewed) return renewed;
    }
  }

  /** One attempt, with a lease that was taken before or on the row as it is now; undefined when there has to be another. */
  private async attempt(request: RenewalRequest): Promise<Renewed | undefined> {
    const { target } = request;
    const held = this.leases.use(target.name);
    let unused = held?.lease;
    let nextMs = 0;
    try {
      const row = held?.row ?? (await this.states.read(target));
      nextMs = this.states.nextLook(row, target);
      const settled =
        this.settle(row, request) ?? (await this.unconfirmed(row, request));
      if (settled) return settled;
      nextMs = 0;
      await this.leases.ready();
      // Valid before the lease is taken, whose time runs; a lease from a batch is given back for a while when one cannot be had.
      nextMs = ANOTHER_REPLICA_MS;
      for (const name of target.source.needs?.(target.account) ?? [])
        await this.inputs.get(name);
      nextMs = 0;
      const lease = unused ?? (await this.leases.claim(row));
      unused = undefined;
      // Not read again at once: a database whose reads lag behind its writes would be asked without end.
      if (!lease) return 'others renew';
      return await this.renewLeased({ row, lease }, request);
    } finally {
      if (unused) await this.leases.release(unused, nextMs);
    }
  }

  /** What comes of the row without a renewal; undefined when the token is to be renewed. @throws TokenUnavailableError */
  private settle(
    row: TokenRow,
    { target, intent }: RenewalRequest,
  ): Renewed | undefined {
    const state = this.states.of(row, target);
    switch (decide(state, intent)) {
      case 'renew':
        if (state.stopped) this.states.probes.begin(row.name);
        return undefined;
      case 'wait':
        return 'others renew';
      case 'serve':
        return served(row, state, intent);
      case 'held':
        throw rowConflict(row.name, target.account.appId, state.heldBy);
      case 'refused':
        throw this.states.refusedAgain(row, target);
      case 'cooling-down':
        throw this.states.coolingDown(row, target);
    }
  }

  /** R5: the same token for a report of one that the platform has accepted a moment ago. */
  private async unconfirmed(
    row: TokenRow,
    { target, intent, actor }: RenewalRequest,
  ): Promise<RefreshOutcome | undefined> {
    if (intent.kind !== 'reported' || intent.value !== row.value)
      return undefined;
    const report = { target, actor, value: intent.value };
    const known = await this.leased.reports.known(report);
    return known === 'accepted' ? unconfirmed(row) : undefined;
  }

  private renewLeased(
    { row, lease }: LeasedRow,
    { target, intent, actor, onAnswer }: RenewalRequest,
  ): Promise<RefreshOutcome | undefined> {
    const { inputs: tokens } = this;
    const renewal = { target, row, lease, intent, actor, tokens, onAnswer };
    return this.leased.run(renewal);
  }
}
