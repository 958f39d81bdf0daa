import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { withDeadline } from '../common/deadline.js';
import { isOpenTransaction, isStoreError } from '../common/errors.js';
import { WechatTokenSettings } from '../common/settings.js';
import { SingleFlight } from '../common/single-flight.js';
import { silenceLimit } from '../common/timing.js';
import type { TokenName } from '../common/token-name.js';
import { DirectRenewal } from './direct-renewal.js';
import type { RenewalIntent } from './policy.js';
import { type RenewalTarget, RenewalTargets } from './renewal-target.js';
import { Renewer } from './renewer.js';
import { TokenStates } from './token-states.js';

type Intent = Extract<RenewalIntent, { kind: 'due' | 'rejected' }>;

/** Neither the database nor the lease holder has answered in time. */
class Silence extends Error {}

/**
 * A renewal that neither a silent database nor a silent lease holder holds up: after {@link silenceLimit} it is made without the
 * lease, where the platform allows that (R4, R11).
 */
@Injectable()
export class BoundedRenewal {
  private readonly flights = new SingleFlight<void>();

  constructor(
    private readonly targets: RenewalTargets,
    private readonly states: TokenStates,
    private readonly renewer: Renewer,
    private readonly direct: DirectRenewal,
    private readonly clock: Clock,
    private readonly settings: WechatTokenSettings,
  ) {}

  /**
   * Resolves when the token was renewed, by this replica or by another one, or needs no renewal.
   * @throws as {@link Renewer.renew}
   */
  renew(name: TokenName, intent: Intent, actor?: string): Promise<void> {
    const key = this.renewer.flightKey(name, intent);
    return this.flights.run(key, () => this.run(name, intent, actor));
  }

  isRunning(name: TokenName, intent: Intent): boolean {
    return this.flights.has(this.renewer.flightKey(name, intent));
  }

  /** R12: resolves when all renewals that callers wait for have ended. */
  stop(): Promise<void> {
    return this.flights.settled();
  }

  private async run(
    name: TokenName,
    intent: Intent,
    actor: string | undefined,
  ): Promise<void> {
    const target = await this.targets.get(name);
    const renewal = this.renewer.renew(name, intent, actor);
    if (!this.mayRenewDirectly(target)) return void (await renewal);
    try {
      await withDeadline(renewal, this.clock, {
        timeoutMs: silenceLimit(this.settings.api.timeoutMs),
        timedOut: () => new Silence(),
      });
    } catch (error) {
      if (!(error instanceof Silence || isStoreError(error))) throw error;
      if (isOpenTransaction(error)) throw error;
      this.renewer.throwIfStopping();
      const rejected = intent.kind === 'rejected' ? intent.value : undefined;
      const inputs = await this.states.inputsOf(target, (input) =>
        this.renew(input, { kind: 'due' }),
      );
      await this.direct.run(target, inputs, rejected);
    }
  }

  /** In classic mode a call would end the token that all others use. */
  private mayRenewDirectly({ source }: RenewalTarget): boolean {
    return this.settings.role === 'refresher' && !source.rotatesOnEveryCall;
  }
}
