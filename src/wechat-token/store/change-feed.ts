import { Injectable } from '@nestjs/common';
import type { TokenName } from '../common/token-name.js';
import { QueueFront } from './queue-front.js';
import type { RawNumber } from './row-mapper.js';
import { SqlRunner } from './sql-runner.js';
import type { HeldRow } from './statements/statement-parameters.js';
import type { SqlStatement } from './connections/sql-statement.js';
import { POLL_AHEAD_MS } from './statements/statements.js';

/** A row that was written. */
export interface Change {
  readonly name: TokenName;
  readonly version: number;
  /** Its `updated_at`, as the database writes it: with the name a place in the order of changes. */
  readonly since: string;
  /** It has no place in the queue, or one that is too late. */
  readonly isMisplaced: boolean;
}

/** The result of one poll. */
export interface Poll {
  readonly changes: readonly Change[];
  /** Of the tokens that were asked about: those without a row, and with an empty or an older one. */
  readonly lost: readonly TokenName[];
  /** No token in the queue becomes due for this long, milliseconds. */
  readonly idleMs: number;
}

type RawChange = Pick<Change, 'name' | 'since'> & {
  readonly version: RawNumber<number>;
  readonly isMisplaced: RawNumber<number> | null;
};
type PolledRow =
  | (RawChange & { readonly part: 'changed' })
  | { readonly part: 'due'; readonly firstInMs: RawNumber<number> }
  | { readonly part: 'lost'; readonly name: TokenName };

/**
 * R10: a token that is due for longer, and that nobody has the lease of, may be one that others have renewed on another server: a
 * failover can leave the old one up, and who only reads meets no error there.
 */
const NOBODY_RENEWS_MS = 30_000;

/** R13: which rows were written, in the order of `updated_at` and in pages, without their values. */
@Injectable()
export class ChangeFeed {
  constructor(
    private readonly sql: SqlRunner,
    private readonly front: QueueFront,
  ) {}

  /**
   * Reads the first page of what was written within the last `sinceMs` milliseconds, whether the queue has work, and which of the
   * held tokens' rows are lost.
   */
  async poll(
    sinceMs: number,
    limit: number,
    held: readonly HeldRow[] = [],
  ): Promise<Poll> {
    const { poll } = this.sql.statements;
    const { depthMs, isWhole, found } = this.front.look();
    const polled = await this.sql.rows<PolledRow>(
      poll({ sinceMs: Math.ceil(sinceMs), limit, depthMs, held }),
    );
    const changed = polled.filter((row) => row.part === 'changed');
    const lost = polled.filter((row) => row.part === 'lost');
    const due = polled.find((row) => row.part === 'due');
    const firstInMs = due ? Number(due.firstInMs) : POLL_AHEAD_MS;
    found(firstInMs);
    if (isWhole && firstInMs < -NOBODY_RENEWS_MS) this.sql.reconnect();
    return {
      changes: changed.map(toChange),
      lost: lost.map(({ name }) => name),
      idleMs: due ? 0 : POLL_AHEAD_MS,
    };
  }

  /** Reads the next page, after that change. */
  after({ name, since }: Change, limit: number): Promise<Change[]> {
    const { changedAfter } = this.sql.statements;
    return this.changes(changedAfter({ name, since, limit }));
  }

  /** Reads the state of these rows, whenever they were written; missing names are omitted. */
  of(names: readonly TokenName[]): Promise<Change[]> {
    return this.changes(this.sql.statements.versions({ names }));
  }

  private async changes(statement: SqlStatement): Promise<Change[]> {
    return (await this.sql.rows<RawChange>(statement)).map(toChange);
  }
}

function toChange({ name, version, since, isMisplaced }: RawChange): Change {
  return {
    name,
    version: Number(version),
    since,
    isMisplaced: Number(isMisplaced) === 1,
  };
}
