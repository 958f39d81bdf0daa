import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { withDeadline } from '../common/deadline.js';
import {
  isOpenTransaction,
  isRowConflictError,
  isStoreError,
} from '../common/errors.js';
import { WechatTokenSettings } from '../common/settings.js';
import { SingleFlight } from '../common/single-flight.js';
import { silenceLimit } from '../common/timing.js';
import type { TokenName } from '../common/token-name.js';
import type { RenewalIntent } from '../renewal/policy/policy.js';
import {
  type RenewalTarget,
  RenewalTargets,
} from '../renewal/policy/renewal-target.js';
import { Renewer } from '../renewal/renewer.js';
import { TokenStates } from '../renewal/token-states.js';
import { DirectRenewal } from './direct-renewal.js';

/** Callers need a token that this replica cannot serve. */
export interface Need {
  readonly name: TokenName;
  readonly intent: Extract<
    RenewalIntent,
    { kind: 'due' | 'rejected' | 'reported' }
  >;
  readonly actor?: string | undefined;
  /** Nobody needs it any more. */
  readonly signal?: AbortSignal;
}

/** To renew the token; to wait until it may be renewed, or others have renewed it. */
export type Step = 'renew' | 'wait';

/** Neither the database nor the lease holder has answered in time. */
class Silence extends Error {}

/**
 * A renewal that neither a silent database nor a silent lease holder holds up: after {@link silenceLimit} it is made without the
 * lease, where the platform allows that (R4, R11).
 */
@Injectable()
export class BoundedRenewal {
  private readonly directRenewals = new SingleFlight<void>();

  constructor(
    private readonly targets: RenewalTargets,
    private readonly states: TokenStates,
    private readonly renewer: Renewer,
    private readonly direct: DirectRenewal,
    private readonly clock: Clock,
    private readonly settings: WechatTokenSettings,
  ) {}

  /**
   * Takes one step, and says which one is next; `done` when the token was renewed or needs no renewal, `unconfirmed` when the
   * platform accepts the one that was reported.
   * @throws as {@link Renewer.renew} and {@link Renewer.waitForOthers}; the reason of the signal.
   */
  async take(step: Step, need: Need): Promise<Step | 'done' | 'unconfirmed'> {
    const { name, intent, actor, signal } = need;
    const target = await this.targets.get(name);
    const limit = this.mayRenewDirectly(target)
      ? silenceLimit(this.settings.api.timeoutMs)
      : Infinity;
    const timedOut = () => new Silence();
    const deadline = { timeoutMs: limit, signal, timedOut };
    try {
      if (step === 'wait') {
        await this.renewer.waitForOthers(target, intent, deadline);
        return 'renew';
      }
      const renewal = this.renewer.renew(name, intent, actor);
      const renewed = await withDeadline(renewal, this.clock, deadline);
      if (renewed === 'others renew') return 'wait';
      const isSame = renewed.outcome === 'unchanged';
      return isSame && intent.kind === 'reported' ? 'unconfirmed' : 'done';
    } catch (error) {
      const isSilent =
        error instanceof Silence ||
        isStoreError(error) ||
        isRowConflictError(error);
      const mayRenew = limit !== Infinity && !isOpenTransaction(error);
      if (!isSilent || !mayRenew) throw error;
      const key = this.renewer.flightKey(name, intent);
      const directly = () => this.renewDirectly(target, need);
      await this.directRenewals.run(key, directly);
      return 'done';
    }
  }

  /** R12: resolves when all renewals without a lease have ended. */
  stop(): Promise<void> {
    return this.directRenewals.settled();
  }

  private async renewDirectly(
    target: RenewalTarget,
    need: Need,
  ): Promise<void> {
    this.renewer.throwIfStopping();
    const tokens = this.states.inputTokens((name, intent) =>
      this.take('renew', { name, intent }),
    );
    const { intent, actor = this.renewer.owner } = need;
    await this.direct.run(target, tokens, { intent, actor });
  }

  private mayRenewDirectly({ source }: RenewalTarget): boolean {
    return this.settings.role === 'refresher' && source.mayCallInParallel;
  }
}
