// What is reported of all that happens?

import { Injectable, Logger } from '@nestjs/common';
import type { TokenName } from '../common/token-name.js';
import { reasonOf } from '../common/error-reason.js';
import { isTokenUnavailableError } from '../common/errors.js';
import { type NewTokenEvent, TokenEvents } from '../store/token-events.js';
import { Replica } from '../common/replica.js';
import { messages } from '../common/messages.js';
import { type Report, ReportLimit } from './report-limit.js';

type JournalEntry = Omit<NewTokenEvent, 'type'>;

const KEPT_MS = 30 * 24 * 3600 * 1000;

/** Tells what happened to a token, to the log and to the table of events; by fingerprint and mask only (R15). */
@Injectable()
export class TokenJournal {
  private readonly logger = new Logger('WechatToken');
  private readonly writing = new Set<Promise<void>>();

  constructor(
    private readonly events: TokenEvents,
    private readonly reports: ReportLimit,
    private readonly replica: Replica,
  ) {}

  refreshed(
    event: JournalEntry,
    fields: Readonly<Record<string, unknown>>,
  ): void {
    const { name, fingerprint, latencyMs } = event;
    this.logger.log('token refreshed', {
      name,
      fingerprint,
      ...fields,
      latencyMs: Math.round(latencyMs ?? 0),
    });
    this.record({ ...event, type: 'refreshed' });
  }

  /** Counted by the platform, not worth an event (R7). */
  unchanged(name: TokenName, fields: Readonly<Record<string, unknown>>): void {
    this.logger.debug('token unchanged', { name, ...fields });
  }

  failed(event: JournalEntry, fields: Readonly<Record<string, unknown>>): void {
    const { name, detail } = event;
    this.logger.error('token not refreshed', {
      name,
      reason: detail,
      ...fields,
    });
    this.record({ ...event, type: 'failed' });
  }

  leaseLost(event: JournalEntry): void {
    this.logger.warn('lease lost while WeChat was asked', { name: event.name });
    this.record({ ...event, type: 'lease-lost' });
  }

  rejected(name: TokenName, fingerprint: string): void {
    this.logger.warn('token rejected by WeChat', { name, fingerprint });
  }

  /**
   * By a caller: whatever comes of it, that the token was reported is on record, once a minute. Events of this type are counted
   * by no budget.
   * @param inUse The fingerprint of the token that this replica serves, if it has one.
   */
  reported(
    {
      name,
      actor = this.replica.id,
      fingerprint,
    }: Omit<Report, 'actor'> & { readonly actor?: string | undefined },
    inUse: string | undefined,
  ): void {
    const report = { name, actor, fingerprint };
    if (!this.reports.admits(report)) return;
    const detail =
      inUse === report.fingerprint
        ? messages.reportedInUse()
        : messages.reportedLate(inUse);
    this.logger.log('rejected token reported', { ...report, detail });
    this.record({ ...report, type: 'reported', detail });
  }

  /** By an operator: whatever comes of it, that it was asked for is on record. */
  asked(
    name: TokenName,
    request: {
      force: boolean;
      actor?: string | undefined;
      reason?: string | undefined;
    },
  ): void {
    const { force, actor = 'operator', reason = '' } = request;
    this.logger.log('refresh asked for', { name, ...request });
    const detail = `${force ? 'forced' : 'gentle'}${reason && `: ${reason}`}`;
    this.record({ name, type: 'asked', actor, detail });
  }

  notStored(name: TokenName, reason: string): void {
    this.logger.error(
      'token fetched but not stored; the write is tried again',
      {
        name,
        reason,
      },
    );
  }

  /** The write that failed before has succeeded, or another replica has stored a newer token since. */
  storedLate(name: TokenName, stored: boolean): void {
    const outcome = stored ? 'stored' : 'superseded';
    this.logger.log('token stored late', { name, outcome });
  }

  /** The engine's own failures, such as a database that is away; the platform's were told by {@link failed}. */
  notRenewed(name: TokenName, error: unknown): void {
    if (isTokenUnavailableError(error)) return;
    this.logger.error('token not renewed', { name, reason: reasonOf(error) });
  }

  /** Of a round of renewals that takes long. */
  progress(done: number, ms: number): void {
    const seconds = Math.round(ms / 1000);
    this.logger.log('tokens renewed so far', { done, seconds });
  }

  problem(message: string, error: unknown): void {
    this.logger.error(message, { reason: reasonOf(error) });
  }

  /** Deletes what is older than 30 days. */
  async purge(): Promise<void> {
    while (await this.events.purge(KEPT_MS));
  }

  /** R12: resolves when all events so far are written. */
  async settled(): Promise<void> {
    await Promise.all(this.writing);
  }

  /** History is worth less than the token: nobody waits for it, and a failure to write it is told, and stops nothing. */
  private record(event: NewTokenEvent): void {
    const written = this.events
      .record(event)
      .catch((error: unknown) => {
        const reason = reasonOf(error);
        this.logger.warn('event not recorded', { name: event.name, reason });
      })
      .finally(() => this.writing.delete(written));
    this.writing.add(written);
  }
}
