import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { fingerprint } from '../common/fingerprint.js';
import type { TokenName } from '../common/token-name.js';
import { TokenJournal } from '../observe/token-journal.js';
import { storedActor, TokenEvents } from '../store/token-events.js';
import { Issuer, type ProbeAnswer } from '../upstream/issuer.js';
import { INSISTENCE_MS, isInsistedOn } from './policy/budget-limits.js';
import type { RenewalTarget } from './policy/renewal-target.js';

/** R5: a token is tried once in this time. */
const ANSWER_MS = 10_000;

/** Somebody says over HTTP that the platform has refused a token. */
export interface TokenReport {
  readonly target: RenewalTarget;
  /** The id of an API key. */
  readonly actor: string;
  readonly value: string;
}

interface Probe {
  readonly at: number;
  readonly answer: Promise<ProbeAnswer>;
}

/**
 * R5: what the platform says of tokens that are reported over HTTP. That it accepts one is an event, and so known to all replicas;
 * that it refuses one, or says nothing, is known to this one: a renewal follows.
 */
@Injectable()
export class ReportedTokens {
  /** By fingerprint, the oldest first. */
  private readonly probes = new Map<string, Probe>();

  constructor(
    private readonly events: TokenEvents,
    private readonly issuer: Issuer,
    private readonly journal: TokenJournal,
    private readonly clock: Clock,
  ) {}

  /**
   * What is known without a call. `accepted`: the platform has accepted the token within 10 s; this report is recorded.
   * `insisted`: it is to be renewed whatever the platform says.
   */
  async known(
    report: TokenReport,
  ): Promise<'accepted' | 'insisted' | undefined> {
    const { target, value } = report;
    const events = await this.events.recent(
      [target.name],
      'unconfirmed',
      2 * INSISTENCE_MS,
    );
    const mark = fingerprint(value);
    const reports = events.filter((event) => event.fingerprint === mark);
    const actor = storedActor(report.actor);
    if (isInsistedOn(reports, actor)) return 'insisted';
    const recent = reports.filter(({ ageMs }) => ageMs < ANSWER_MS);
    // Only the report that caused the probe has its latency.
    if (!recent.some(({ latencyMs }) => latencyMs !== null)) return undefined;
    if (!recent.some((event) => event.actor === actor))
      await this.journal.unconfirmed(eventOf(report));
    return 'accepted';
  }

  /** Whether the platform accepts the token now; then the report is recorded. A source without a probe says nothing of it. */
  async isAccepted(report: TokenReport): Promise<boolean> {
    const startedAt = this.clock.now();
    const answer = await this.probe(report, startedAt);
    if (answer !== 'accepted') return false;
    const latencyMs = this.clock.now() - startedAt;
    await this.journal.unconfirmed({ ...eventOf(report), latencyMs });
    return true;
  }

  /** Whether this replica has tried the token with this fingerprint within 10 s. */
  wasTried(mark: string): boolean {
    const now = this.clock.now();
    for (const [oldest, { at }] of this.probes) {
      if (now - at < ANSWER_MS) break;
      this.probes.delete(oldest);
    }
    return this.probes.has(mark);
  }

  private probe(
    { target: { source, account }, value }: TokenReport,
    now: number,
  ): Promise<ProbeAnswer> {
    const mark = fingerprint(value);
    const known = this.wasTried(mark) && this.probes.get(mark);
    if (known) return known.answer;
    const answer = this.issuer.probe(source, account, value);
    this.probes.set(mark, { at: now, answer });
    return answer;
  }
}

function eventOf({ target, actor, value }: TokenReport): {
  name: TokenName;
  actor: string;
  fingerprint: string;
} {
  return { name: target.name, actor, fingerprint: fingerprint(value) };
}
