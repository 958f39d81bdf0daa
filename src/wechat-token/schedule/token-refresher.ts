// How are ALL tokens kept valid?
// By the schedule (renewal-schedule.ts), and when an operator asks (this file).

import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { CannotForceError, TokenUnavailableError } from '../common/errors.js';
import { messages } from '../common/messages.js';
import { WechatTokenSettings } from '../common/settings.js';
import { leaseWaitLimit } from '../common/timing.js';
import type { TokenName } from '../common/token-name.js';
import { TokenJournal } from '../observe/token-journal.js';
import type { RefreshOutcome } from '../renewal/refresh-outcome.types.js';
import { RenewalTargets } from '../renewal/policy/renewal-target.js';
import { Renewer } from '../renewal/renewer.js';
import { nobodyRenewed } from '../renewal/token-unavailable.js';

export interface RefreshRequest {
  /** Ends the current token at once; spends one of the day's 20 forced renewals (R9). Default: false. */
  force?: boolean;
  /**
   * First 8 hex of the SHA-256 of the token to replace: once another token has taken its place, the outcome is `superseded`,
   * without a call.
   */
  expectedFingerprint?: string;
  /** Who asks, for the events: a person, or the id of an API key. At most 64 characters. */
  actor?: string;
  /** Why, for the log and the events; the events keep 255 characters at most. */
  reason?: string;
}

/** Renews tokens when an operator asks. */
@Injectable()
export class TokenRefresher {
  readonly #renewer: Renewer;
  readonly #targets: RenewalTargets;
  readonly #journal: TokenJournal;
  readonly #clock: Clock;
  readonly #settings: WechatTokenSettings;

  constructor(
    renewer: Renewer,
    targets: RenewalTargets,
    journal: TokenJournal,
    clock: Clock,
    settings: WechatTokenSettings,
  ) {
    this.#renewer = renewer;
    this.#targets = targets;
    this.#journal = journal;
    this.#clock = clock;
    this.#settings = settings;
  }

  /**
   * Renews a token now, whatever its cool-down. Without `force` the platform is asked in normal mode: stable may return the
   * same token (`unchanged`); classic is asked only when the token is due, since each call ends the previous token.
   * @param name Such as `access_token` or `jsapi_ticket:<account>`.
   * @throws CannotForceError for a kind of token that its platform gives no other of; RefreshBudgetError over the budget of forced renewals; TokenUnavailableError when WeChat refuses, with an
   * UpstreamError as its cause; UnknownAccountError; StoreError without a database.
   */
  async refresh(
    name: TokenName,
    request: RefreshRequest = {},
  ): Promise<RefreshOutcome> {
    const { force = false, actor, reason, expectedFingerprint } = request;
    if (this.#settings.role === 'reader')
      throw new TokenUnavailableError(messages.readerCannotRefresh(name));
    // An unknown name leaves no event.
    const target = await this.#targets.get(name);
    if (force && !target.source.canForce)
      throw new CannotForceError(messages.cannotForce(name));
    this.#journal.asked(name, { force, actor, reason });
    const kind = force ? 'forced' : 'normal';
    const intent = { kind, expected: expectedFingerprint } as const;
    const giveUpAt = this.#clock.now() + this.leaseWaitLimit;
    for (;;) {
      const outcome = await this.#renewer.renew(name, intent, actor);
      if (outcome !== 'others renew') return outcome;
      await this.#renewer.waitForOthers(target, intent, {
        timeoutMs: giveUpAt - this.#clock.now(),
        timedOut: () => nobodyRenewed(name, this.#settings.role),
      });
    }
  }

  private get leaseWaitLimit(): number {
    const { refresh, api } = this.#settings;
    return leaseWaitLimit(refresh.leaseMs, api.timeoutMs);
  }
}
