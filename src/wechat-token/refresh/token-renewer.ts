import { Injectable } from '@nestjs/common';
import { Clock } from '../clock.js';
import { fingerprint } from '../observe/fingerprint.js';
import { TokenJournal } from '../observe/token-journal.js';
import { type HeldToken, TokenMemory } from '../store/token-memory.js';
import type { TokenRow } from '../store/token-row.js';
import { TokenStore } from '../store/token-store.js';
import type { TokenName } from '../token-name.js';
import { Replica } from '../replica.js';
import {
  isStoreError,
  isTokenUnavailableError,
  TokenUnavailableError,
} from '../wechat-token.errors.js';
import { messages } from '../wechat-token.messages.js';
import { WechatTokenSettings } from '../wechat-token.settings.js';
import { withDeadline } from '../with-deadline.js';
import { DirectRenewal } from './direct-renewal.js';
import { LeasedRenewal, refusesInputs } from './leased-renewal.js';
import { decide, type RenewalIntent } from './policy.js';
import { type RefreshOutcome, served } from './refresh-outcome.js';
import { type RenewalTarget, RenewalTargets } from './renewal-target.js';
import { SingleFlight } from './single-flight.js';
import { TokenView } from './token-view.js';
import { UnsavedTokens } from './unsaved-tokens.js';

/** How often a waiting replica looks whether the holder of the lease has finished. */
const POLL_MS = 100;
/**
 * Beside the longest call to WeChat: after that neither a lease's holder that is alive nor a database that works has kept a
 * caller waiting.
 */
const PATIENCE_MARGIN_MS = 500;
/** Less than the usual timeout of a caller, however long a call to WeChat may take. */
const LONGEST_PATIENCE_MS = 8000;
/** After a failure that left no instant in the row, such as a database that is away. */
const RETRY_MS = 1000;

/** The database, or the holder of the lease, has not answered in time. */
class Silence extends Error {}

/**
 * The one way in which a token is renewed (R4): read the row, decide, take the lease on exactly that row, ask the platform,
 * write on exactly that lease. Whoever finds that the row has changed begins again. Only a caller whom silence there would
 * leave with nothing goes past it, where that is safe ({@link DirectRenewal}).
 */
@Injectable()
export class TokenRenewer {
  private readonly flights = new SingleFlight<RefreshOutcome>();
  /** Those flights, or what is done without them. */
  private readonly answers = new SingleFlight<void>();
  /** What callers wait for: those answers, or a token that comes before. */
  private readonly arrivals = new SingleFlight<void>();
  /** The last of them that failed: those who come soon after are told the same. */
  private readonly failures = new Map<
    TokenName,
    { readonly error: unknown; readonly until: number }
  >();
  private readonly stopping = new AbortController();
  private forcedFlights = 0;

  constructor(
    private readonly targets: RenewalTargets,
    private readonly store: TokenStore,
    private readonly memory: TokenMemory,
    private readonly view: TokenView,
    private readonly leased: LeasedRenewal,
    private readonly direct: DirectRenewal,
    private readonly unsaved: UnsavedTokens,
    private readonly journal: TokenJournal,
    private readonly replica: Replica,
    private readonly clock: Clock,
    private readonly settings: WechatTokenSettings,
  ) {}

  /**
   * A usable token: from memory, from the row, or after a renewal; whichever comes first.
   * @throws TokenUnavailableError, UnknownAccountError, UnknownTokenError, SealedValueError, StoreError
   */
  async obtain(name: TokenName): Promise<HeldToken> {
    const usable = () => this.memory.usable(name, this.clock.now());
    // What was begun when the token was still good may have seen no reason to renew it: that does not count.
    for (let tries = 0; tries < 2 && !usable(); tries++) {
      try {
        await this.arrival(name);
      } catch (error) {
        if (!usable()) throw error;
      }
    }
    const held = usable();
    if (!held) throw this.nobodyRenewed(name);
    return held;
  }

  /**
   * R5: the token to use in place of one that the platform refused.
   * @throws as {@link obtain}; RefreshBudgetError when only a forced renewal would help and none is left.
   */
  async replace(
    name: TokenName,
    rejected: string,
    actor = this.replica.id,
  ): Promise<HeldToken> {
    // An unknown name leaves no event.
    await this.targets.get(name);
    const inUse = this.memory.usable(name, this.clock.now());
    const report = { name, actor, fingerprint: fingerprint(rejected) };
    this.journal.reported(report, inUse && fingerprint(inUse.value));
    await this.answer(name, { kind: 'rejected', value: rejected }, actor);
    return this.obtain(name);
  }

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

  /** R2: nobody waits for this one; what went wrong is logged. */
  renewInBackground(name: TokenName): void {
    const intent = { kind: 'due' } as const;
    // Thousands of reads may come while it runs: one of them minds how it ends.
    if (this.answers.has(this.flightKey(name, intent))) return;
    this.answer(name, intent).catch((error: unknown) => {
      this.memory.delayRenewal(name, this.clock.now() + RETRY_MS);
      this.journal.notRenewed(name, error);
    });
  }

  get isStopping(): boolean {
    return this.stopping.signal.aborted;
  }

  /** R12: nothing new begins and waiting ends at once; a call that is under way is waited for, and its answer stored. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.flights.settled();
    await this.answers.settled();
    await this.unsaved.saveAll();
  }

  private flightKey(name: TokenName, intent: RenewalIntent): string {
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

  /** R2: nobody waits for the platform while there is a stored token that is good. */
  private arrival(name: TokenName): Promise<void> {
    const failed = this.failures.get(name);
    if (failed && this.clock.now() < failed.until)
      return Promise.reject(failed.error);
    return this.arrivals.run(name, () => {
      this.failures.delete(name);
      const comes = new Promise<void>((resolve) =>
        this.memory.listen(name, resolve),
      );
      const answer = this.answer(name, { kind: 'due' });
      return Promise.race([answer, comes])
        .catch((error: unknown) => {
          if (isStoreError(error) || isTokenUnavailableError(error))
            this.failures.set(name, {
              error,
              until: this.clock.now() + RETRY_MS,
            });
          throw error;
        })
        .finally(() => this.memory.unlisten(name));
    });
  }

  /** Resolves when there is something to serve, from the database or past it. */
  private answer(
    name: TokenName,
    intent: Extract<RenewalIntent, { kind: 'due' | 'rejected' }>,
    actor?: string,
  ): Promise<void> {
    return this.answers.run(this.flightKey(name, intent), async () => {
      const target = await this.targets.get(name);
      const renewal = this.renew(name, intent, actor);
      if (!this.direct.isSafe(target)) return void (await renewal);
      try {
        await withDeadline(renewal, this.clock, {
          timeoutMs: Math.min(
            this.settings.api.timeoutMs + PATIENCE_MARGIN_MS,
            LONGEST_PATIENCE_MS,
          ),
          timedOut: () => new Silence(),
        });
      } catch (error) {
        if (!(error instanceof Silence || isStoreError(error))) throw error;
        this.throwIfStopping();
        const rejected = intent.kind === 'rejected' ? intent.value : undefined;
        await this.direct.run(target, await this.inputsOf(target), rejected);
      }
    });
  }

  private async run(
    name: TokenName,
    intent: RenewalIntent,
    actor: string,
  ): Promise<RefreshOutcome> {
    const target = await this.targets.get(name);
    const { leaseMs } = this.settings.refresh;
    let giveUpAt: number | undefined;
    let inputsRenewed = false;
    let hasTried = false;
    for (;;) {
      this.throwIfStopping();
      const row = await this.currentRow(target);
      // By then the lease of a holder that died has lapsed, and this replica has had its own turn.
      giveUpAt ??= this.clock.now() + leaseMs + this.settings.api.timeoutMs;
      const state = this.view.state(row, target);
      // The cause of the refusal was mended just now: its back-off is for those who come later.
      const decision = decide(
        inputsRenewed ? { ...state, coolingFor: 0 } : state,
        intent,
      );
      if (decision.kind === 'serve') return served(row, state, intent);
      if (decision.kind === 'cooling-down')
        throw this.view.coolingDown(row, target);
      // A process that stood still meanwhile has had no turn yet.
      const hadItsTurn = hasTried || decision.kind === 'wait';
      if (hadItsTurn && this.clock.now() > giveUpAt)
        throw this.nobodyRenewed(name);
      if (decision.kind === 'wait') {
        await this.clock
          .sleep(POLL_MS, this.stopping.signal)
          .catch(() => this.throwIfStopping());
        continue;
      }
      // The graph: whatever the source needs is valid before the lease is taken.
      const inputs = await this.inputsOf(target);
      hasTried = true;
      const lease = await this.store.claim(row, this.replica.id, leaseMs);
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

  /** The row as it is now, made when it is missing; this process's memory follows it. */
  private async currentRow(target: RenewalTarget): Promise<TokenRow> {
    const { name, account, source } = target;
    await this.unsaved.save(name);
    for (;;) {
      const row = await this.store.read(name);
      if (!row) {
        const remark = `${source.kind} of ${account.appId}, kept valid by nestjs-wechat-token`;
        await this.store.insertMissing(name, remark);
        continue;
      }
      this.view.adopt(row, target);
      return row;
    }
  }

  private async inputsOf({ source, account }: RenewalTarget) {
    const inputs = new Map<TokenName, string>();
    for (const name of source.needs(account))
      inputs.set(name, (await this.obtain(name)).value);
    return inputs;
  }

  private nobodyRenewed(name: TokenName): TokenUnavailableError {
    const isReader = this.settings.role === 'reader';
    const message = isReader ? messages.noRefresher : messages.nobodyRenewed;
    return new TokenUnavailableError(message(name), 1);
  }

  private throwIfStopping(): void {
    if (this.isStopping)
      throw new TokenUnavailableError(messages.shuttingDown());
  }
}
