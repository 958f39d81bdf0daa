import { isSealedValueError } from '../common/errors.js';
import { messages } from '../common/messages.js';
import type { Sealing } from './sealing.js';
import type { SqlRunner } from './sql-runner.js';
import { type Statements, statementsFor } from './statements.js';

/** What became of one stored token. */
export interface ResealedToken {
  readonly name: string;
  /**
   * `resealed`: the first key seals it now; `current`: it did so already; `gone`: the row was deleted meanwhile; `failed`: it is
   * as it was, and `reason` says why.
   */
  readonly outcome: 'resealed' | 'current' | 'gone' | 'failed';
  /** For people; names the key that is missing. */
  readonly reason?: string;
  /** How often the row had another value by the time of the write, and was looked at again. */
  readonly changedMeanwhile: number;
}

interface StoredValue {
  readonly name: string;
  readonly value: string;
}

const PAGE = 100;
/** Rows at a time: each is one short statement, and they wait for the disk more than for each other. */
const CONCURRENCY = 5;
/** A token is renewed every few minutes at most: a row that changes more often than this is not one of ours. */
const ATTEMPTS = 10;

/**
 * Seals every stored token with the first key (R15), while refreshers go on: each row is written only if it still has the
 * value that was read, so a newer token is never overwritten, and one that ends halfway has lost nothing. Plain variables stay
 * plain, for other programs.
 */
export class Resealing {
  private readonly statements: Statements;

  constructor(
    private readonly sql: SqlRunner,
    private readonly sealing: Sealing,
  ) {
    this.statements = statementsFor(sql.dialect);
  }

  /** Token by token in order of name, as it is done. @throws StoreError */
  async *run(): AsyncGenerator<ResealedToken> {
    let after = '';
    for (;;) {
      const page = await this.sql.rows<StoredValue>(
        this.statements.storedValues,
        [after, PAGE],
      );
      for (let at = 0; at < page.length; at += CONCURRENCY)
        yield* await Promise.all(
          page.slice(at, at + CONCURRENCY).map((row) => this.reseal(row)),
        );
      const last = page.at(-1);
      if (!last || page.length < PAGE) return;
      after = last.name;
    }
  }

  private async reseal({ name, value }: StoredValue): Promise<ResealedToken> {
    let stored: string | null | undefined = value;
    let changedMeanwhile = 0;
    try {
      for (; changedMeanwhile < ATTEMPTS; changedMeanwhile++) {
        if (stored == null) return { name, outcome: 'gone', changedMeanwhile };
        const outcome = await this.resealValue(name, stored);
        if (outcome) return { name, outcome, changedMeanwhile };
        const [row] = await this.sql.rows<{ value: string | null }>(
          this.statements.variable,
          [name],
        );
        stored = row?.value;
      }
    } catch (error) {
      if (!isSealedValueError(error)) throw error;
      const reason = error.message;
      return { name, outcome: 'failed', reason, changedMeanwhile };
    }
    const reason = messages.resealContended(name);
    return { name, outcome: 'failed', reason, changedMeanwhile };
  }

  /** Undefined when the row has another value by now. @throws SealedValueError */
  private async resealValue(
    name: string,
    stored: string,
  ): Promise<'resealed' | 'current' | undefined> {
    const sealed = this.sealing.reseal(name, stored);
    if (sealed === undefined) return 'current';
    const values = [sealed, name, stored];
    const written = await this.sql.change(this.statements.resealValue, values);
    return written > 0 ? 'resealed' : undefined;
  }
}
