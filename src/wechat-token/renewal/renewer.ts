// How is ONE token renewed?

import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { TokenUnavailableError } from '../common/errors.js';
import { fingerprint } from '../common/fingerprint.js';
import { messages } from '../common/messages.js';
import { WechatTokenSettings } from '../common/settings.js';
import { SingleFlight } from '../common/single-flight.js';
import { leaseWaitLimit, ROW_POLL_MS } from '../common/timing.js';
import type { TokenName } from '../common/token-name.js';
import type { LeasedRow, TokenRow } from '../store/token-row.js';
import { Leases } from './leases.js';
import { LeasedRenewal, refusesInputs } from './leased-renewal.js';
import {
  decide,
  type Decision,
  type RenewalIntent,
  type TokenState,
} from './policy.js';
import { type RefreshOutcome, served } from './refresh-outcome.js';
import { type RenewalTarget, RenewalTargets } from './renewal-target.js';
import { TokenStates } from './token-states.js';
import { nobodyRenewed } from './token-unavailable.js';

/** A renewal that was asked for, and how far it has come. */
interface RenewalRequest {
  readonly target: RenewalTarget;
  readonly intent: RenewalIntent;
  /** Who asked: a replica, or the id of an API key. */
  readonly actor: string;
  readonly onAnswer: (() => void) | undefined;
  /** When to stop waiting for another replica; set once the row was read. */
  giveUpAt?: number;
  hasTried: boolean;
  /** A token that this one is made from was refused, and is renewed now. */
  hasNewInputs: boolean;
}

/**
 * The one way in which a token is renewed under a lease (R4): read the row, decide, take the lease on exactly that row, ask the
 * platform, write on exactly that lease. When the row has changed meanwhile, it begins again.
 */
@Injectable()
export class Renewer {
  private readonly flights = new SingleFlight<RefreshOutcome>();
  private readonly stopping = new AbortController();
  private forcedFlights = 0;

  constructor(
    private readonly targets: RenewalTargets,
    private readonly states: TokenStates,
    private readonly leases: Leases,
    private readonly leased: LeasedRenewal,
    private readonly clock: Clock,
    private readonly settings: WechatTokenSettings,
  ) {}

  /**
   * @param onAnswer Called when the platform has answered, before the answer is written.
   * @throws TokenUnavailableError, RefreshBudgetError, UnknownAccountError, UnknownTokenError, SealedValueError, StoreError
   */
  renew(
    name: TokenName,
    intent: RenewalIntent,
    actor = this.leases.owner,
    onAnswer?: () => void,
  ): Promise<RefreshOutcome> {
    return this.flights.run(this.flightKey(name, intent), () =>
      this.run(name, intent, actor, onAnswer),
    );
  }

  /** Renewals that share a flight have the same key. */
  flightKey(name: TokenName, intent: RenewalIntent): string {
    switch (intent.kind) {
      case 'rejected':
        return `${name} rejected ${fingerprint(intent.value)}`;
      case 'forced':
        // Not shared: each operator gets the outcome of a renewal of their own.
        return `${name} forced ${this.forcedFlights++}`;
      case 'normal':
        return `${name} normal ${intent.expected ?? ''}`;
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

  /** R12: no renewal begins any more and waiting ends at once; a call in flight is awaited, and its answer stored. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.flights.settled();
  }

  private async run(
    name: TokenName,
    intent: RenewalIntent,
    actor: string,
    onAnswer: (() => void) | undefined,
  ): Promise<RefreshOutcome> {
    const target =
      this.leases.get(name)?.target ?? (await this.targets.get(name));
    const request: RenewalRequest = {
      target,
      intent,
      actor,
      onAnswer,
      hasTried: false,
      hasNewInputs: false,
    };
    for (;;) {
      this.throwIfStopping();
      const held = this.leases.use(name);
      const outcome = held
        ? await this.renewHeld(held, request)
        : await this.renewByRow(request);
      if (outcome) return outcome;
    }
  }

  /** One attempt with a lease that was taken before; undefined when the row has to decide. */
  private async renewHeld(
    { row, lease }: LeasedRow,
    request: RenewalRequest,
  ): Promise<RefreshOutcome | undefined> {
    const { target } = request;
    const { decision, state } = this.decide(row, request);
    if (decision !== 'renew') {
      await this.leases.release(lease, this.states.nextLook(row, target));
      return this.settle(decision, row, state, request);
    }
    request.hasTried = true;
    await target.source.ready();
    const inputs = await this.inputsOf(target).catch(async (error: unknown) => {
      await this.leases.release(lease);
      throw error;
    });
    return this.renewLeased({ row, lease }, inputs, request);
  }

  /** One attempt that begins with the row as it is now; undefined when there has to be another. */
  private async renewByRow(
    request: RenewalRequest,
  ): Promise<RefreshOutcome | undefined> {
    const { target } = request;
    const row = await this.states.read(target);
    const { decision, state } = this.decide(row, request);
    if (decision !== 'renew') return this.settle(decision, row, state, request);
    // A process that was suspended meanwhile has not tried yet.
    if (request.hasTried) this.throwIfLate(request);
    await target.source.ready();
    // Valid before the lease is taken, whose time runs.
    const inputs = await this.inputsOf(target);
    request.hasTried = true;
    const lease = await this.leases.claim(row);
    return lease && this.renewLeased({ row, lease }, inputs, request);
  }

  private decide(
    row: TokenRow,
    request: RenewalRequest,
  ): { decision: Decision; state: TokenState } {
    request.giveUpAt ??= this.clock.now() + this.leaseWaitLimit;
    const state = this.states.of(row, request.target);
    // After new inputs the cool-down of the refusal is for those who come later.
    const coolingFor = request.hasNewInputs ? 0 : state.coolingFor;
    const decision = decide({ ...state, coolingFor }, request.intent);
    return { decision, state };
  }

  /** A decision without a renewal; undefined when the row is to be read again. @throws TokenUnavailableError */
  private async settle(
    decision: Exclude<Decision, 'renew'>,
    row: TokenRow,
    state: TokenState,
    request: RenewalRequest,
  ): Promise<RefreshOutcome | undefined> {
    const { target, intent } = request;
    if (decision === 'serve') return served(row, state, intent);
    if (decision === 'cooling-down') throw this.states.coolingDown(row, target);
    this.throwIfLate(request);
    await this.clock
      .sleep(ROW_POLL_MS, this.stopping.signal)
      .catch(() => this.throwIfStopping());
    return undefined;
  }

  private async renewLeased(
    { row, lease }: LeasedRow,
    inputs: ReadonlyMap<TokenName, string>,
    request: RenewalRequest,
  ): Promise<RefreshOutcome | undefined> {
    const { target, intent, actor, onAnswer } = request;
    const renewal = { target, row, lease, intent, actor, inputs, onAnswer };
    try {
      return await this.leased.run(renewal);
    } catch (error) {
      if (request.hasNewInputs || !refusesInputs(error, renewal)) throw error;
      for (const [input, value] of inputs)
        await this.renew(input, { kind: 'rejected', value });
      request.hasNewInputs = true;
      return undefined;
    }
  }

  private throwIfLate({ target, giveUpAt = Infinity }: RenewalRequest): void {
    if (this.clock.now() > giveUpAt)
      throw nobodyRenewed(target.name, this.settings.role);
  }

  private get leaseWaitLimit(): number {
    const { refresh, api } = this.settings;
    return leaseWaitLimit(refresh.leaseMs, api.timeoutMs);
  }

  private inputsOf(
    target: RenewalTarget,
  ): Promise<ReadonlyMap<TokenName, string>> {
    return this.states.inputsOf(target, (name) =>
      this.renew(name, { kind: 'due' }),
    );
  }
}
