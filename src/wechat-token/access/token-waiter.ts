import { Injectable } from '@nestjs/common';
import type { CachedToken } from '../cache/cached-token.js';
import { TokenCache } from '../cache/token-cache.js';
import { Clock } from '../common/clock.js';
import { withDeadline } from '../common/deadline.js';
import {
  isOpenTransaction,
  isStoreError,
  isTokenUnavailableError,
  TokenUnavailableError,
} from '../common/errors.js';
import { fingerprint } from '../common/fingerprint.js';
import { messages } from '../common/messages.js';
import { WechatTokenSettings } from '../common/settings.js';
import { SingleFlight } from '../common/single-flight.js';
import { CALLER_TIMEOUT_MS, RETRY_MS } from '../common/timing.js';
import type { TokenName } from '../common/token-name.js';
import { TokenJournal } from '../observe/token-journal.js';
import { isReport } from '../renewal/policy/policy.js';
import { RenewalTargets } from '../renewal/policy/renewal-target.js';
import {
  nobodyRenewed,
  withoutDatabase,
} from '../renewal/token-unavailable.js';
import type {
  AccessTokenOptions,
  InvalidateOptions,
} from './access-token-options.js';
import { observedWait } from './observed-wait.js';
import { BoundedRenewal, type Need, type Step } from './bounded-renewal.js';

const DUE = { kind: 'due' } as const;

interface Caller {
  readonly deadline: number;
  readonly resolve: (token: CachedToken) => void;
  readonly reject: (error: unknown) => void;
}

/** All callers who wait for one token for one reason. */
interface Wait extends Need {
  readonly key: string;
  readonly callers: Set<Caller>;
  /** Called when the last of them has left. */
  readonly end: () => void;
}

/** A failure that clears by itself. */
interface Failure {
  readonly error: TokenUnavailableError;
  readonly at: number;
  readonly retryAt: number;
}

/** Callers without a usable token in memory wait here, for a renewal or for a token that is stored meanwhile. */
@Injectable()
export class TokenWaiter {
  private readonly waits = new Map<string, Wait>();
  /** R2: failures of the last second, the oldest first: callers who come so soon after one get the same error. */
  private readonly failures = new Map<string, Failure>();
  private readonly background = new SingleFlight<unknown>();

  constructor(
    private readonly targets: RenewalTargets,
    private readonly cache: TokenCache,
    private readonly renewal: BoundedRenewal,
    private readonly journal: TokenJournal,
    private readonly clock: Clock,
    private readonly settings: WechatTokenSettings,
  ) {}

  /**
   * A usable token: from memory, from the row, or after a renewal; whichever comes first.
   * @throws TokenUnavailableError, UnknownAccountError, UnknownTokenError, AccountSourceError, SealedValueError
   */
  async obtain(
    name: TokenName,
    options: AccessTokenOptions = {},
  ): Promise<CachedToken> {
    const need = { name, intent: DUE };
    return this.answerTo(need) ?? this.wait(need, options);
  }

  /**
   * R5: the token to use in place of one that the platform refused. The row is asked even if another token is in memory, which may
   * be outdated as well.
   * @throws as {@link obtain}; RefreshBudgetError when only a forced renewal would help and none is left.
   */
  replace(
    name: TokenName,
    rejected: string,
    { actor, ...options }: InvalidateOptions = {},
  ): Promise<CachedToken> {
    this.report(name, rejected, actor);
    const intent = { kind: 'rejected', value: rejected } as const;
    return this.wait({ name, intent, actor }, options);
  }

  /** R5: as {@link replace}, for a report over HTTP: it is tried at the platform, and the token is returned again if that accepts it. */
  answerReport(
    name: TokenName,
    reported: string,
    actor: string,
  ): Promise<CachedToken> {
    this.report(name, reported, actor);
    const intent = { kind: 'reported', value: reported } as const;
    return this.wait({ name, intent, actor }, {});
  }

  /** R2: a renewal that nobody waits for; a failure is logged. */
  renewInBackground(name: TokenName): void {
    // Thousands of reads may come while it runs: only the first one handles its end.
    if (this.background.has(name)) return;
    this.background
      .run(name, () => this.renewal.take('renew', { name, intent: DUE }))
      .then((next) => {
        if (next === 'wait') throw nobodyRenewed(name, this.settings.role);
      })
      .catch((error: unknown) => {
        this.cache.delayRenewal(name, this.clock.now() + RETRY_MS);
        this.journal.notRenewed(name, error);
      });
  }

  /** Beside the wait: the caller's deadline does not depend on it. */
  private report(name: TokenName, rejected: string, actor?: string): void {
    const inUse = this.usable(name);
    const report = { name, actor, fingerprint: fingerprint(rejected) };
    this.targets.get(name).then(
      () => this.journal.reported(report, inUse && fingerprint(inUse.value)),
      // An unknown name leaves no event.
      () => undefined,
    );
  }

  private wait(need: Need, options: AccessTokenOptions): Promise<CachedToken> {
    const { clock, journal } = this;
    const { signal } = options;
    const waiting = this.waitFor(need, options);
    return observedWait(waiting, { name: need.name, signal, clock, journal });
  }

  /** One caller's wait, until its deadline. */
  private async waitFor(
    need: Need,
    { timeoutMs = CALLER_TIMEOUT_MS, signal }: AccessTokenOptions,
  ): Promise<CachedToken> {
    const { name } = need;
    let leave = () => {};
    const token = new Promise<CachedToken>((resolve, reject) => {
      const deadline = this.clock.now() + timeoutMs;
      leave = this.join(need, { deadline, resolve, reject });
    });
    try {
      return await withDeadline(token, this.clock, {
        timeoutMs,
        signal,
        timedOut: () => this.timedOut(name, timeoutMs),
        aborted: (cause) =>
          new TokenUnavailableError(messages.aborted(name), undefined, {
            cause,
          }),
      });
    } catch (error) {
      // R6: an issued token is in memory before it is stored; a database that hangs keeps it from nobody.
      const answer = this.answerTo(need);
      if (!answer || signal?.aborted || !isTokenUnavailableError(error))
        throw error;
      return answer;
    } finally {
      leave();
    }
  }

  /** @returns To be called when the caller leaves. */
  private join(need: Need, caller: Caller): () => void {
    const key = keyOf(need);
    const failure = this.recentFailure(key);
    if (failure && !(failure.retryAt < caller.deadline)) {
      caller.reject(failure.error);
      return () => undefined;
    }
    const wait = this.waits.get(key) ?? this.begin(need, key);
    wait.callers.add(caller);
    // Alone: the wait begins.
    if (wait.callers.size === 1)
      void this.run(wait, failure ? 'wait' : 'renew');
    return () => this.leave(wait, caller);
  }

  private begin(need: Need, key: string): Wait {
    const left = new AbortController();
    const onNews = () => void this.serve(wait);
    const end = () => {
      this.waits.delete(key);
      this.cache.unlisten(need.name, onNews);
      left.abort();
    };
    const callers = new Set<Caller>();
    const wait: Wait = { ...need, key, callers, signal: left.signal, end };
    this.waits.set(key, wait);
    this.cache.listen(need.name, onNews);
    return wait;
  }

  private leave({ callers, end }: Wait, caller: Caller): void {
    if (callers.delete(caller) && callers.size === 0) end();
  }

  /** Renews, or waits for others who do, until the last caller has left. */
  private async run(wait: Wait, first: Step): Promise<void> {
    let step = first;
    let misses = 0;
    while (wait.callers.size > 0)
      try {
        const next = await this.renewal.take(step, wait);
        if (next === 'unconfirmed') this.serve(wait, this.usable(wait.name));
        step = next === 'wait' ? 'wait' : 'renew';
        // A renewal that began while the token was still good may have seen no reason to renew it: that one does not count.
        if (next === 'done' && !this.serve(wait) && misses++ > 0)
          throw nobodyRenewed(wait.name, this.settings.role);
      } catch (error) {
        this.fail(wait, error);
        step = 'wait';
      }
  }

  /** Whether the callers have got a token. */
  private serve(wait: Wait, answer = this.answerTo(wait)): boolean {
    if (!answer) return false;
    for (const caller of wait.callers) {
      caller.resolve(answer);
      this.leave(wait, caller);
    }
    return true;
  }

  /** R2: a failure that clears before a caller's deadline is retried, not thrown. */
  private fail(wait: Wait, thrown: unknown): void {
    const error = isStoreError(thrown)
      ? withoutDatabase(wait.name, thrown)
      : thrown;
    let retryAt = Infinity;
    // Other callers need not be inside the transaction that is open.
    if (isTokenUnavailableError(error) && !isOpenTransaction(thrown)) {
      if (this.serve(wait)) return;
      const at = this.clock.now();
      retryAt = at + (error.retryAfter ?? Infinity) * 1000;
      this.remember(wait.key, { error, at, retryAt });
    }
    for (const caller of wait.callers)
      if (!(retryAt < caller.deadline)) {
        caller.reject(error);
        this.leave(wait, caller);
      }
  }

  private remember(key: string, failure: Failure): void {
    this.failures.delete(key);
    this.failures.set(key, failure);
    for (const oldest of this.failures.keys())
      if (this.recentFailure(oldest)) return;
      else this.failures.delete(oldest);
  }

  private recentFailure(key: string): Failure | undefined {
    const failure = this.failures.get(key);
    const isRecent = failure && this.clock.now() < failure.at + RETRY_MS;
    return isRecent ? failure : undefined;
  }

  private answerTo({ name, intent }: Need): CachedToken | undefined {
    const cached = this.usable(name);
    const isRefused = isReport(intent) && cached?.value === intent.value;
    return isRefused ? undefined : cached;
  }

  private usable(name: TokenName): CachedToken | undefined {
    return this.cache.usable(name, this.clock.now());
  }

  /** R10: a reader renews nothing; it can only wait for others. */
  private timedOut(name: TokenName, timeoutMs: number): TokenUnavailableError {
    const message =
      this.settings.role === 'reader'
        ? messages.noRefresher(name)
        : messages.timedOut(name, timeoutMs);
    return new TokenUnavailableError(message, 1);
  }
}

/** Callers with one key wait for the same; who reports counts where shares of a budget are spent (R5). */
function keyOf({ name, intent, actor = '' }: Need): string {
  if (!isReport(intent)) return name;
  return `${name} ${intent.kind} ${fingerprint(intent.value)} ${actor}`;
}
