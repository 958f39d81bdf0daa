import { Injectable } from '@nestjs/common';
import type { TokenName } from '../common/token-name.js';
import { WriteBatcher } from './write-batcher.js';
import { cutTo, jsonParameter, namesParameter } from './json-parameter.js';
import type { RawNumber } from './row-mapper.js';
import { SqlRunner } from './sql-runner.js';
import { type Statements, statementsFor } from './statements.js';
import type { TokenEventType } from './token-event.entity.js';

const PURGE_BATCH = 1000;

export interface NewTokenEvent {
  readonly name: TokenName;
  readonly type: TokenEventType;
  readonly actor: string;
  readonly fingerprint?: string | undefined;
  readonly latencyMs?: number | undefined;
  readonly detail?: string | undefined;
}

/** As it is told: `at` in milliseconds since 1970-01-01 UTC. */
export interface StoredEvent {
  readonly id: number;
  readonly at: number;
  readonly type: TokenEventType;
  readonly actor: string | null;
  readonly fingerprint: string | null;
  readonly latencyMs: number | null;
  readonly detail: string | null;
}

/** The tokens' history. All instants are the database's (R3). */
@Injectable()
export class TokenEvents {
  private readonly statements: Statements;
  private readonly writes: WriteBatcher<NewTokenEvent, void>;

  constructor(private readonly sql: SqlRunner) {
    this.statements = statementsFor(sql.dialect);
    this.writes = new WriteBatcher((events) => this.write(events));
  }

  /** Resolves when it is stored. */
  record(event: NewTokenEvent): Promise<void> {
    return this.writes.add(event);
  }

  /** How long ago, in milliseconds, each event of that type within the window was; newest first. */
  async recent(
    name: TokenName,
    type: TokenEventType,
    windowMs: number,
  ): Promise<number[]> {
    const values = [name, type, -Math.ceil(windowMs)];
    const rows = await this.sql.rows<{ atInMs: RawNumber<number> }>(
      this.statements.recentEvents,
      values,
    );
    return rows.map((row) => -Number(row.atInMs));
  }

  /** How many events of that type within the window each of these tokens has; those without one are left out. */
  async count(
    names: readonly TokenName[],
    type: TokenEventType,
    windowMs: number,
  ): Promise<Map<TokenName, number>> {
    if (names.length === 0) return new Map();
    const rows = await this.sql.rows<{
      name: TokenName;
      count: RawNumber<number>;
    }>(this.statements.countEvents, [
      namesParameter(names),
      type,
      -Math.ceil(windowMs),
    ]);
    return new Map(rows.map(({ name, count }) => [name, Number(count)]));
  }

  /** A token's history, newest first. `before` is the id of the event before which the page ends. */
  async page(
    name: TokenName,
    page: { before?: number | undefined; limit: number },
  ): Promise<StoredEvent[]> {
    const values = [name, page.before ?? Number.MAX_SAFE_INTEGER, page.limit];
    const rows = await this.sql.rows<
      Omit<StoredEvent, 'id' | 'at'> & Record<'id' | 'at', RawNumber<number>>
    >(this.statements.events, values);
    return rows.map((row) => ({
      ...row,
      id: Number(row.id),
      at: Number(row.at),
    }));
  }

  /** Deletes events that are older than `keptMs`, a batch at a time; true while there may be more. */
  async purge(keptMs: number): Promise<boolean> {
    const values = [-keptMs, PURGE_BATCH];
    const purged = await this.sql.change(this.statements.purgeEvents, values);
    return purged === PURGE_BATCH;
  }

  private async write(events: readonly NewTokenEvent[]): Promise<void[]> {
    const list = events.map((event) => ({
      of_name: event.name,
      new_type: event.type,
      new_actor: cutTo(event.actor, 64),
      new_fingerprint: event.fingerprint ?? null,
      new_latency:
        event.latencyMs === undefined ? null : Math.round(event.latencyMs),
      new_detail: event.detail === undefined ? null : cutTo(event.detail, 255),
    }));
    await this.sql.change(this.statements.recordEvents, [jsonParameter(list)]);
    return events.map(() => undefined);
  }
}
