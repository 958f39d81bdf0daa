import { Injectable } from '@nestjs/common';
import type { TokenName } from '../common/token-name.js';
import type { RawNumber } from './row-mapper.js';
import { SqlRunner } from './sql-runner.js';
import type { CountedOutcome } from './token-hour.entity.js';

const PURGE_BATCH = 1000;
/** Rows of one statement. */
const SAVE_BATCH = 200;
/** Rows that are counted before they should be written. */
const MANY = 1000;
/** Before a replica's id. No token's name begins with it. */
const REPLICA_MARK = '@';

/** A renewal or a failure that is counted. */
export interface NewCount {
  readonly name: TokenName;
  /** The id of the replica that counts. */
  readonly replica: string;
  readonly outcome: CountedOutcome;
  /** Of a failure. */
  readonly class?: string | undefined;
  readonly latencyMs?: number | undefined;
}

/** What was counted in one hour, of one outcome and class. */
export interface StoredCount {
  /** How many hours ago; 0 is the hour that has begun. */
  readonly ago: number;
  readonly outcome: CountedOutcome;
  readonly class: string;
  readonly count: number;
  /** Milliseconds. */
  readonly latencySum: number;
}

export interface StoredHours<Count = StoredCount> {
  /** The database's clock, milliseconds since 1970-01-01 UTC. */
  readonly databaseNow: number;
  readonly counts: readonly Count[];
}

/** What one replica has counted. */
export interface ReplicaCount extends StoredCount {
  readonly replica: string;
}

type RawCount = {
  [Key in keyof StoredCount]: RawNumber<StoredCount[Key]> | null;
} & {
  readonly name?: string | null;
  readonly databaseNow: RawNumber<number>;
};

/** Renewals and failures by the hour of the database's clock (R3). */
@Injectable()
export class TokenHours {
  /** Not written yet. */
  private readonly counted = new Map<string, CountedRow>();

  constructor(private readonly sql: SqlRunner) {}

  /** Counts in memory, under the token's name and under the replica's, until {@link save}. */
  add({ name, replica, outcome, class: type = '', latencyMs }: NewCount): void {
    for (const counted of [name, `${REPLICA_MARK}${replica}`]) {
      const key = `${counted} ${outcome} ${type}`;
      const { count, latency } = this.counted.get(key) ?? NOTHING;
      this.counted.set(key, {
        name: counted,
        outcome,
        class: type,
        count: count + 1,
        latency: latency + Math.round(latencyMs ?? 0),
      });
    }
  }

  /** What waits for {@link save}. */
  get pending(): 'nothing' | 'some' | 'many' {
    const { size } = this.counted;
    return size === 0 ? 'nothing' : size < MANY ? 'some' : 'many';
  }

  /**
   * Writes what was counted; what cannot be written is lost. A row appears once in a statement, and all statements have their rows in
   * one order: replicas do not deadlock.
   */
  async save(): Promise<void> {
    const rows = [...this.counted]
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([, row]) => row);
    this.counted.clear();
    const { countHours } = this.sql.statements;
    for (let from = 0; from < rows.length; from += SAVE_BATCH)
      await this.sql.change(
        countHours({ counts: rows.slice(from, from + SAVE_BATCH) }),
      );
  }

  /** What was counted of these tokens together in the last so many clock hours; an hour without a count is omitted. */
  async ofTokens(
    names: readonly TokenName[],
    hours: number,
  ): Promise<StoredHours> {
    const { hoursOfNames } = this.sql.statements;
    // No row has the empty name; without a name there would be no row that says when it is.
    const list = names.length > 0 ? names : [''];
    const statement = hoursOfNames({ names: list, hours: hoursAgo(hours) });
    return this.read(statement, toCount);
  }

  /** As {@link ofTokens}, of all tokens, by the replicas that have counted. Its cost does not depend on how many tokens there are. */
  async ofReplicas(hours: number): Promise<StoredHours<ReplicaCount>> {
    const { hoursOfReplicas } = this.sql.statements;
    return this.read(hoursOfReplicas({ hours: hoursAgo(hours) }), (raw) => ({
      ...toCount(raw),
      replica: (raw.name ?? '').slice(REPLICA_MARK.length),
    }));
  }

  /** Deletes one batch of the counts older than `keptMs`; true while there may be more. */
  async purge(keptMs: number): Promise<boolean> {
    const { purgeHours } = this.sql.statements;
    const batch = { keptMs, limit: PURGE_BATCH };
    return (await this.sql.change(purgeHours(batch))) === PURGE_BATCH;
  }

  private async read<Count>(
    statement: Parameters<SqlRunner['rows']>[0],
    toItem: (raw: RawCount) => Count,
  ): Promise<StoredHours<Count>> {
    const rows = await this.sql.rows<RawCount>(statement);
    const counted = rows.filter(({ outcome }) => outcome !== null);
    return {
      databaseNow: Number(rows[0]?.databaseNow),
      counts: counted.map(toItem),
    };
  }
}

interface CountedRow {
  readonly name: string;
  readonly outcome: CountedOutcome;
  readonly class: string;
  readonly count: number;
  readonly latency: number;
}

const NOTHING = { count: 0, latency: 0 };

function hoursAgo(hours: number): { ago: number }[] {
  return Array.from({ length: hours }, (_, ago) => ({ ago }));
}

function toCount(raw: RawCount): StoredCount {
  return {
    ago: Number(raw.ago),
    outcome: raw.outcome as CountedOutcome,
    class: raw.class ?? '',
    count: Number(raw.count),
    latencySum: Number(raw.latencySum),
  };
}
