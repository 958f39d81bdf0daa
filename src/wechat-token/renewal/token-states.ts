import { Injectable } from '@nestjs/common';
import type { CachedToken, TokenOwner } from '../cache/cached-token.js';
import { TokenCache } from '../cache/token-cache.js';
import { Clock } from '../common/clock.js';
import { withDeadline } from '../common/deadline.js';
import type { TokenUnavailableError } from '../common/errors.js';
import { fingerprint } from '../common/fingerprint.js';
import { WechatTokenSettings } from '../common/settings.js';
import { leaseWaitLimit, RETRY_MS } from '../common/timing.js';
import type { TokenName } from '../common/token-name.js';
import { RowConflicts } from '../observe/row-conflicts.js';
import {
  isToken,
  isUnproven,
  lifeOf,
  otherHolder,
  type TokenRow,
} from '../store/token-row.js';
import { LocalCoolDowns } from './policy/local-cool-downs.js';
import { PendingWrites } from './pending-writes.js';
import type { InputTokens, TokenSource } from '../sources/token-source.js';
import { ANOTHER_REPLICA_MS } from './policy/back-off.js';
import {
  confirmInterval,
  type InputIntent,
  isReport,
  nextLook,
  servableFor,
  type TokenState,
} from './policy/policy.js';
import type { Probes } from './policy/probes.js';
import type { RenewalTarget } from './policy/renewal-target.js';
import { isStopped, sharedWait } from './policy/stored-failure.js';
import { toUpstreamError } from '../upstream/failure.js';
import {
  coolingDown,
  nobodyRenewed,
  renewalFailed,
} from './token-unavailable.js';

/** The state of each token as this replica sees it: from its row, and from what only this replica knows. */
@Injectable()
export class TokenStates {
  constructor(
    private readonly cache: TokenCache,
    private readonly pending: PendingWrites,
    private readonly coolDowns: LocalCoolDowns,
    private readonly conflicts: RowConflicts,
    private readonly clock: Clock,
    private readonly settings: WechatTokenSettings,
  ) {}

  /** R8: this replica's probes. */
  get probes(): Probes {
    return this.coolDowns.probes;
  }

  /** The stored value of that name cannot be decrypted. */
  noteUnreadable(name: TokenName): void {
    const at = this.clock.now();
    this.coolDowns.failures.note(name, { class: 'unreadable', at });
  }

  /**
   * The row as it is now, made when it is missing, after the token that is waiting to be written. What the row holds is cached.
   * @throws StoreError, SealedValueError
   */
  async read({ name, account }: RenewalTarget): Promise<TokenRow> {
    const row = await this.pending.readRow(name, account.appId);
    this.adopt(row, account);
    return row;
  }

  /**
   * Caches the token of a row, if it is the account's and no newer one waits to be written. Without a token to cache, this replica
   * expects one from now on.
   */
  adopt(row: TokenRow, owner: TokenOwner): void {
    const { name, value } = row;
    const { appId, application, credentialId } = owner;
    this.conflicts.see(name, appId, otherHolder(row, owner));
    if (value === null || !isToken(row) || !this.isOurs(row, owner))
      return this.cache.expect(name);
    if (this.pending.outdates(row)) return;
    // A token that others renew is read again soon; one that this replica renews, when it is due and no cool-down lasts.
    const othersRenew = this.settings.role === 'reader' || row.leaseInMs > 0;
    const refreshInMs = Math.max(
      this.dueInMs(row, owner),
      row.nextAttemptInMs,
      this.coolDowns.active(name)?.wait ?? 0,
      othersRenew ? RETRY_MS : 0,
    );
    const isIssued = row.issuedInMs !== -Infinity;
    this.cache.adopt(name, {
      value,
      version: row.version,
      credentialId: this.isTried(row, owner)
        ? credentialId
        : (row.credentialId ?? credentialId),
      appId,
      application,
      issuedAt: row.readAt + (isIssued ? row.issuedInMs : 0),
      writtenAt: row.readAt + row.updatedInMs,
      askedAt: row.readAt,
      knownAt: this.clock.now(),
      refreshAt: row.readAt + refreshInMs,
      serveUntil: row.readAt + servableFor(row.expiresInMs, lifeOf(row)),
      expiresAt: row.readAt + row.expiresInMs,
    });
  }

  /** As {@link adopt}, without the account; false when only the account itself tells whether the token is its own. */
  adoptKnown(row: TokenRow): boolean {
    const owner = this.cache.ownerOf(row.name);
    if (!owner || !this.isOurs(row, owner)) return false;
    this.adopt(row, owner);
    return true;
  }

  of(row: TokenRow, target: RenewalTarget): TokenState {
    const { account, source } = target;
    const answer = this.coolDowns.answers.of(row, target);
    return {
      value: row.value,
      fingerprint: row.value === null ? null : fingerprint(row.value),
      usable: this.isUsable(row, account),
      due: this.dueInMs(row, account) <= 0,
      unconfirmed: row.nextInMs <= 0 && this.confirmInMs(row, source) <= 0,
      isEarlyCallHarmless: source.isEarlyCallHarmless,
      leasedFor: row.leaseInMs,
      coolingFor: this.coolDown(row, target).wait,
      stopped: isStopped(row),
      answered: answer && (answer.refusal ? 'refusal' : 'token'),
      mayCallPlatform: this.settings.role === 'refresher',
      heldBy: otherHolder(row, account),
    };
  }

  /** R14: when a refresher should look again at a row that this one leaves as it is, milliseconds from now. */
  nextLook(row: TokenRow, target: RenewalTarget): number {
    const { credentialId } = target.account;
    const { confirmMs } = this.settings.refresh;
    const interval = confirmInterval(target.source, confirmMs);
    const confirmInMs = this.confirmInMs(row, target.source);
    const next = nextLook({
      refreshInMs: this.isUsable(row, target.account)
        ? this.dueInMs(row, target.account)
        : 0,
      // The token was confirmed since it was last changed.
      confirmInMs: confirmInMs > 0 ? confirmInMs : interval,
      coolingFor: this.coolDown(row, target).wait,
    });
    const concernsOthers =
      row.credentialId !== null && row.credentialId !== credentialId;
    return concernsOthers ? Math.min(next, ANOTHER_REPLICA_MS) : next;
  }

  /** Drops what is known of the tokens of accounts that were removed. */
  forgetAllBut(names: ReadonlySet<TokenName>): void {
    this.cache.forgetAllBut(names);
    this.conflicts.forgetAllBut(names);
    this.coolDowns.failures.forgetAllBut(names);
  }

  /** The cached token, if it may be handed out now. */
  usable(name: TokenName): CachedToken | undefined {
    return this.cache.usable(name, this.clock.now());
  }

  /** The token that this process holds can be handed out, and its credentials have been right. */
  isSettled(name: TokenName, { credentialId }: TokenOwner): boolean {
    return this.usable(name)?.credentialId === credentialId;
  }

  /**
   * The tokens that a source's token is made from. Sources form a graph of any depth.
   * @param renew Renews a token, and resolves when it is cached.
   */
  inputTokens(
    renew: (name: TokenName, intent: InputIntent) => Promise<unknown>,
  ): InputTokens {
    const get = async (name: TokenName, intent: InputIntent) => {
      const refused = isReport(intent) ? intent.value : undefined;
      const usable = () => {
        const token = this.usable(name);
        return token?.value === refused ? undefined : token;
      };
      // Tokens of two accounts that are made from each other would wait for ever.
      const { refresh, api } = this.settings;
      const timeoutMs = leaseWaitLimit(refresh.leaseMs, api.timeoutMs);
      const timedOut = () => nobodyRenewed(name, this.settings.role);
      const deadline = { timeoutMs, timedOut };
      // A renewal that began while the token was still good may have seen no reason to renew it.
      for (let tries = 0; tries < 2 && !usable(); tries++)
        await withDeadline(renew(name, intent), this.clock, deadline);
      const token = usable();
      if (!token) throw nobodyRenewed(name, this.settings.role);
      return token.value;
    };
    return {
      get: (name) => get(name, { kind: 'due' }),
      replace: (name, value) => get(name, { kind: 'rejected', value }),
    };
  }

  /** Whether the cron may renew the token: not while this replica's own cool-down lasts (R8), or a token waits to be written (R6). */
  mayRenew({ name, circumstances }: RenewalTarget): boolean {
    return (
      !this.coolDowns.active(name, circumstances) &&
      this.pending.get(name) === undefined
    );
  }

  /** For callers, while the cool-down lasts and there is nothing to serve. */
  coolingDown(row: TokenRow, target: RenewalTarget): TokenUnavailableError {
    const { wait, reason } = this.coolDown(row, target);
    return coolingDown(target.name, wait, reason);
  }

  /** R9: the platform's refusal of a moment ago, again. */
  refusedAgain(row: TokenRow, target: RenewalTarget): TokenUnavailableError {
    const { answers } = this.coolDowns;
    const { refusal, lastsMs = 0 } = answers.of(row, target) ?? {};
    return refusal
      ? renewalFailed(row.name, toUpstreamError(refusal), lastsMs)
      : this.coolingDown(row, target);
  }

  /** The stored token may be handed out. */
  private isUsable(row: TokenRow, owner: TokenOwner): boolean {
    return (
      row.value !== null &&
      this.isOurs(row, owner) &&
      servableFor(row.expiresInMs, lifeOf(row)) > 0
    );
  }

  /** A token that was issued for another application is not handed out; a reader has no secret to tell them apart. */
  private isOurs(row: TokenRow, owner: TokenOwner): boolean {
    const { appId, credentialId } = row;
    if (this.settings.role === 'reader')
      return appId === null || appId === owner.appId;
    // Without credentials, another program has written the token.
    const isOfApplication =
      credentialId !== null && appId === owner.application;
    return isOfApplication || credentialId === owner.credentialId;
  }

  /** R7: when the token is due: at once where it was issued for another secret, until it is known whether the account's is right. */
  private dueInMs(row: TokenRow, owner: TokenOwner): number {
    const { refreshInMs } = row;
    return this.isTried(row, owner) ? refreshInMs : Math.min(0, refreshInMs);
  }

  /** A token of these credentials is stored, or was held by this process; a reader tries none. */
  private isTried(row: TokenRow, { credentialId }: TokenOwner): boolean {
    const held = this.cache.ownerOf(row.name)?.credentialId;
    return (
      this.settings.role === 'reader' ||
      row.credentialId === credentialId ||
      held === credentialId
    );
  }

  /** R7: when the token was last changed so long ago that it is to be confirmed; Infinity where tokens are not confirmed. */
  private confirmInMs(row: TokenRow, source: TokenSource): number {
    const interval = confirmInterval(source, this.settings.refresh.confirmMs);
    const isConfirmed =
      row.updatedInMs !== -Infinity &&
      (source.repeatedCall === 'same' || isUnproven(row));
    return isConfirmed ? row.updatedInMs + interval : Infinity;
  }

  /** R8: the cool-down that binds this replica: the shared one or its own, whichever lasts longer. */
  private coolDown(
    row: TokenRow,
    target: RenewalTarget,
  ): { wait: number; reason: string } {
    const isReader = this.settings.role === 'reader';
    const { uptimeMs, probes } = this.coolDowns;
    const shared = sharedWait(row, { target, isReader, uptimeMs });
    const wait = isStopped(row) ? Math.max(shared, probes.wait) : shared;
    const local = this.coolDowns.active(row.name, target.circumstances);
    return local && local.wait > wait
      ? local
      : { wait, reason: row.lastError?.message ?? '' };
  }
}
