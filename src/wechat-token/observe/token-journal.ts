// What is logged and recorded?

import { Injectable, Logger } from '@nestjs/common';
import type { TokenName } from '../common/token-name.js';
import { reasonOf } from '../common/error-reason.js';
import { LogLine } from '../common/log-line.js';
import {
  isRowConflictError,
  isTokenUnavailableError,
} from '../common/errors.js';
import { type NewTokenEvent, TokenEvents } from '../store/token-events.js';
import { type NewCount, TokenHours } from '../store/token-hours.js';
import { Replica } from '../common/replica.js';
import { messages } from '../common/messages.js';
import type { Observations, Topic } from '../common/observer.js';
import { Observers } from '../common/observers.js';
import { DatabaseClock } from '../store/database-clock.js';
import { ReportLimit } from './report-limit.js';

type JournalEntry = Omit<NewTokenEvent, 'type'>;

const DAY_MS = 24 * 3600 * 1000;
const RETENTION_MS = 30 * DAY_MS;
/** Charts show 7 days. */
const HOURS_RETENTION_MS = 8 * DAY_MS;
/** The database's clock and this process's run apart a little meanwhile. */
const CLOCK_SLACK_MS = 1000;

/** Writes the history of tokens to the log and to the event table; tokens appear as fingerprint and mask only (R15). */
@Injectable()
export class TokenJournal {
  private readonly logger = new Logger('WechatToken');
  private readonly writing = new Set<Promise<void>>();

  constructor(
    private readonly events: TokenEvents,
    private readonly hours: TokenHours,
    private readonly reports: ReportLimit,
    private readonly replica: Replica,
    private readonly observers: Observers,
    private readonly databaseClock: DatabaseClock,
  ) {}

  /** Notifies the app's observer. */
  observe<On extends Topic>(topic: On, observation: Observations[On]): void {
    this.observers.report(topic, observation);
  }

  /** An instant of this process's clock as the log has it: ISO 8601 in UTC, by the database's clock, if that is known (R3). */
  instant(at: number): string | undefined {
    const epoch = this.databaseClock.epochOf(at);
    return epoch === undefined ? undefined : new Date(epoch).toISOString();
  }

  refreshed(
    event: JournalEntry,
    fields: Readonly<Record<string, unknown>>,
  ): void {
    const { name, fingerprint, latencyMs } = event;
    this.logger.log(
      new LogLine('token refreshed', {
        name,
        fingerprint,
        ...fields,
        latencyMs: Math.round(latencyMs ?? 0),
      }),
    );
    void this.record({ ...event, type: 'refreshed' });
    this.count({ name, outcome: 'refreshed', latencyMs });
  }

  /** Logs a call that returned the same token; no event (R7). */
  unchanged(name: TokenName, fields: Readonly<Record<string, unknown>>): void {
    this.logger.debug(new LogLine('token unchanged', { name, ...fields }));
  }

  failed(
    event: JournalEntry,
    fields: Readonly<Record<string, unknown>> & { readonly class: string },
  ): void {
    const { name, detail, latencyMs } = event;
    this.logger.error(
      new LogLine('token refresh failed', {
        name,
        reason: detail,
        ...fields,
      }),
    );
    void this.record({ ...event, type: 'failed' });
    this.count({ name, outcome: 'failed', class: fields.class, latencyMs });
  }

  leaseLost(event: JournalEntry): void {
    this.logger.warn(
      new LogLine('lease lost during WeChat call', { name: event.name }),
    );
    void this.record({ ...event, type: 'lease-lost' });
  }

  rejected({
    name,
    fingerprint = '',
  }: Pick<JournalEntry, 'name' | 'fingerprint'>): void {
    this.observe('rejection', { name, fingerprint });
    this.logger.warn(
      new LogLine('token rejected by WeChat', { name, fingerprint }),
    );
  }

  /** R5: as {@link rejected}, for a token that is renewed, which budgets count. Resolves when the event is written, or cannot be. */
  countRejection(event: JournalEntry): Promise<void> {
    this.rejected(event);
    return this.record({ ...event, type: 'rejected' });
  }

  /**
   * Records that a caller reported a rejected token, whatever the outcome, once a minute. No budget counts events of this type.
   * @param inUse The fingerprint of the token that this replica serves, if it has one.
   */
  reported(
    {
      name,
      actor = this.replica.id,
      fingerprint,
    }: {
      readonly name: TokenName;
      readonly actor?: string | undefined;
      readonly fingerprint: string;
    },
    inUse: string | undefined,
  ): void {
    const report = { name, actor, fingerprint };
    if (!this.reports.admits({ name, actor, what: fingerprint })) return;
    const detail =
      inUse === report.fingerprint
        ? messages.reportedInUse()
        : messages.reportedLate(inUse);
    this.logger.log(
      new LogLine('rejected token reported', { ...report, detail }),
    );
    void this.record({ ...report, type: 'reported', detail });
  }

  /** Records that WeChat accepts a token that a caller has reported; resolves when that is stored, for all replicas. */
  async unconfirmed(event: JournalEntry): Promise<void> {
    const { name, actor, fingerprint } = event;
    const fields = { name, actor, fingerprint };
    this.logger.warn(new LogLine('report of a token not confirmed', fields));
    const detail = messages.reportUnconfirmed();
    await this.events.record({ ...event, type: 'unconfirmed', detail });
  }

  /** Records that an operator requested a refresh, whatever the outcome: once a minute for each reason. */
  asked(
    name: TokenName,
    request: {
      force: boolean;
      actor?: string | undefined;
      reason?: string | undefined;
    },
  ): void {
    const { force, actor = 'operator', reason = '' } = request;
    const detail = messages.askedFor(force, reason);
    if (!this.reports.admits({ name, actor, what: detail })) return;
    this.logger.log(new LogLine('refresh requested', { name, ...request }));
    void this.record({ name, type: 'asked', actor, detail });
  }

  notStored(name: TokenName, reason: string): void {
    this.logger.error(
      new LogLine('token issued but not stored; will retry the write', {
        name,
        reason,
      }),
    );
  }

  /** Logs that a pending write was completed, or that another replica has stored a newer token since. */
  storedLate(name: TokenName, stored: boolean): void {
    const outcome = stored ? 'stored' : 'superseded';
    this.logger.log(
      new LogLine('pending token write completed', { name, outcome }),
    );
  }

  /** R13: a token whose row was deleted, emptied or replaced by an older one was written again. */
  restored(event: JournalEntry): void {
    const { name, fingerprint } = event;
    const detail = messages.rowRestored();
    const fields = { name, fingerprint, detail };
    this.logger.warn(new LogLine('token row restored', fields));
    void this.record({ ...event, type: 'restored', detail });
  }

  /** Logs an internal failure, such as an unreachable database; {@link failed} reports the platform's failures. */
  notRenewed(name: TokenName, error: unknown): void {
    // A row of another app is reported once, where it is seen.
    if (isTokenUnavailableError(error) || isRowConflictError(error)) return;
    this.logger.error(
      new LogLine('token renewal aborted', {
        name,
        ...reasonOf(error),
      }),
    );
  }

  /** Logs the progress of a long round of renewals. */
  progress(done: number, ms: number): void {
    const seconds = Math.round(ms / 1000);
    this.logger.log(new LogLine('renewal progress', { done, seconds }));
  }

  /** R7: this replica is behind. The tokens are valid as far as anyone knows. */
  confirmationsLeftOut(count: number): void {
    if (count > 0)
      this.logger.log(new LogLine('confirmations left out', { count }));
  }

  problem(message: string, error: unknown): void {
    this.logger.error(new LogLine(message, reasonOf(error)));
  }

  /** Deletes some of the events that are older than 30 days, and of the counts older than 8; true while there may be more. */
  async purge(): Promise<boolean> {
    const hasEvents = await this.events.purge(RETENTION_MS);
    const hasHours = await this.hours.purge(HOURS_RETENTION_MS);
    return hasEvents || hasHours;
  }

  /** R9: a forced renewal that was recorded `agoMs` ago counts from now on, when the platform has answered. */
  forcedAnswered(name: TokenName, agoMs: number): void {
    const windowMs = Math.ceil(agoMs) + CLOCK_SLACK_MS;
    const work = this.events.postpone(name, 'forced', windowMs);
    void this.write(name, work);
  }

  /** Writes the counts of renewals and failures; those that cannot be written are lost, and the events stay. */
  async saveCounts(): Promise<void> {
    if (this.hours.pending === 'nothing') return;
    await this.hours.save().catch((error: unknown) => {
      this.logger.warn(new LogLine('count write failed', reasonOf(error)));
    });
  }

  /** R12: resolves when all events and counts so far are written. */
  async settled(): Promise<void> {
    await Promise.all(this.writing);
    await this.saveCounts();
  }

  /** Written with others by {@link saveCounts}, which each round calls; in the middle of a long round when there are many. */
  private count(count: Omit<NewCount, 'replica'>): void {
    this.hours.add({ ...count, replica: this.replica.id });
    if (this.hours.pending === 'many') void this.keep(this.saveCounts());
  }

  /** Writes an event in the background: no caller waits for it, and a failed write is only logged. */
  private record(event: NewTokenEvent): Promise<void> {
    return this.write(event.name, this.events.record(event));
  }

  private write(name: TokenName, work: Promise<void>): Promise<void> {
    const written = work.catch((error: unknown) => {
      const fields = { name, ...reasonOf(error) };
      this.logger.warn(new LogLine('event write failed', fields));
    });
    return this.keep(written);
  }

  /** {@link settled} waits for it. */
  private keep(write: Promise<void>): Promise<void> {
    const kept = write.finally(() => this.writing.delete(kept));
    this.writing.add(kept);
    return kept;
  }
}
