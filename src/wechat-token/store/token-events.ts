import { Injectable } from '@nestjs/common';
import type { TokenName } from '../common/token-name.js';
import { WriteBatcher } from './connections/write-batcher.js';
import type { RawNumber } from './row-mapper.js';
import { SqlRunner } from './sql-runner.js';
import type { TokenEventType } from './token-event.entity.js';

const PURGE_BATCH = 1000;
const MAX_RECENT = 1000;
const MAX_ACTOR_LENGTH = 64;
const MAX_DETAIL_LENGTH = 255;
/** Not a word without end. */
const PART_OF_A_WORD = /\s+\S{0,40}$/;

export interface NewTokenEvent {
  readonly name: TokenName;
  /** It is recorded under this name as well, in the same statement. */
  readonly countedAs?: string;
  readonly type: TokenEventType;
  readonly actor: string;
  readonly fingerprint?: string | undefined;
  readonly latencyMs?: number | undefined;
  readonly detail?: string | undefined;
}

/** An event that is counted. */
export interface RecentEvent {
  readonly name: string;
  readonly ageMs: number;
  readonly actor: string | null;
  readonly fingerprint: string | null;
  readonly latencyMs: number | null;
}

export interface StoredEvent {
  readonly id: number;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly at: number;
  readonly type: TokenEventType;
  readonly actor: string | null;
  readonly fingerprint: string | null;
  readonly latencyMs: number | null;
  readonly detail: string | null;
}

/** The tokens' history. All instants are taken from the database's clock (R3). */
@Injectable()
export class TokenEvents {
  private readonly writes: WriteBatcher<NewTokenEvent, void>;

  constructor(private readonly sql: SqlRunner) {
    this.writes = new WriteBatcher((events) => this.write(events));
  }

  /** Resolves when the event is stored. */
  record(event: NewTokenEvent): Promise<void> {
    return this.writes.add(event);
  }

  /** Returns the events of these names and one type within the window, the newest first: the last thousand at most. */
  async recent(
    names: readonly string[],
    type: TokenEventType,
    windowMs: number,
  ): Promise<RecentEvent[]> {
    const window = { type, windowMs: Math.ceil(windowMs) };
    const rows = await this.sql.rows<
      Omit<RecentEvent, 'ageMs'> & { atInMs: RawNumber<number> }
    >(
      this.sql.statements.recentEvents({ names, ...window, limit: MAX_RECENT }),
    );
    return rows.map(({ atInMs, ...event }) => ({
      ...event,
      ageMs: -Number(atInMs),
    }));
  }

  /** Moves the events of one type within the window to the present. */
  async postpone(
    name: TokenName,
    type: TokenEventType,
    windowMs: number,
  ): Promise<void> {
    const { postponeEvent } = this.sql.statements;
    await this.sql.change(postponeEvent({ name, type, windowMs }));
  }

  /** Counts each token's events of one type within the window; tokens without one are omitted. */
  async count(
    names: readonly TokenName[],
    type: TokenEventType,
    windowMs: number,
  ): Promise<Map<TokenName, number>> {
    if (names.length === 0) return new Map();
    const window = { type, windowMs: Math.ceil(windowMs) };
    const rows = await this.sql.rows<{
      name: TokenName;
      count: RawNumber<number>;
    }>(this.sql.statements.countEvents({ names, ...window }));
    return new Map(rows.map(({ name, count }) => [name, Number(count)]));
  }

  /** Returns a page of a token's history, the newest first, of events whose id is below `before`. */
  async page(
    name: TokenName,
    page: { before?: number | undefined; limit: number },
  ): Promise<StoredEvent[]> {
    const { before: beforeId = Number.MAX_SAFE_INTEGER, limit } = page;
    const rows = await this.sql.rows<
      Omit<StoredEvent, 'id' | 'at'> & Record<'id' | 'at', RawNumber<number>>
    >(this.sql.statements.events({ name, beforeId, limit }));
    return rows.map((row) => ({
      ...row,
      id: Number(row.id),
      at: Number(row.at),
    }));
  }

  /** Deletes one batch of the events older than `keptMs`; true while there may be more. */
  async purge(keptMs: number): Promise<boolean> {
    const { purgeEvents } = this.sql.statements;
    const batch = { keptMs, limit: PURGE_BATCH };
    return (await this.sql.change(purgeEvents(batch))) === PURGE_BATCH;
  }

  private async write(events: readonly NewTokenEvent[]): Promise<void[]> {
    const named = events.flatMap(({ countedAs, ...event }) =>
      countedAs === undefined
        ? [event]
        : [event, { ...event, name: countedAs }],
    );
    const rows = named.map(
      ({ name, type, actor, fingerprint, latencyMs, detail }) => ({
        name,
        type,
        actor: storedActor(actor),
        fingerprint: fingerprint ?? null,
        latency: latencyMs === undefined ? null : Math.round(latencyMs),
        detail: detail === undefined ? null : storedDetail(detail),
      }),
    );
    await this.sql.change(this.sql.statements.recordEvents({ events: rows }));
    return events.map(() => undefined);
  }
}

/** An actor as events name it. */
export function storedActor(actor: string): string {
  return truncate(actor, MAX_ACTOR_LENGTH);
}

/** A detail as events have it: one that is too long ends after a word, with `…`. */
function storedDetail(detail: string): string {
  if (truncate(detail, MAX_DETAIL_LENGTH) === detail) return detail;
  const cut = truncate(detail, MAX_DETAIL_LENGTH - 1);
  return `${cut.replace(PART_OF_A_WORD, '')}…`;
}

/** Truncates to a number of code points, which is how a column counts characters. */
function truncate(text: string, max: number): string {
  // A code point has two UTF-16 units at most.
  return Array.from(text.slice(0, 2 * max))
    .slice(0, max)
    .join('');
}
