import type { DataSource } from 'typeorm';
import { MonotonicClock } from '../common/clock.js';
import { isSealedValueError } from '../common/errors.js';
import { messages } from '../common/messages.js';
import type { PlainValues } from '../common/settings.js';
import type { WechatTokenModuleOptions } from '../options/options.js';
import { resolveEncryptionKeys } from '../options/options.schema.js';
import { isSealed, Sealing } from './sealing.js';
import { SqlRunner } from './sql-runner.js';

/** The result for one stored token. */
export interface ResealedToken {
  readonly name: string;
  /**
   * `resealed`: the value was encrypted with another key, and is with the first one now; `sealed`: the same, and it was plain
   * text; `current`: nothing was to do; `plain`: it is plain text, and stays so; `gone`: the row was deleted in the meantime;
   * `failed`: the value is unchanged, and `reason` has the cause.
   */
  readonly outcome:
    'resealed' | 'sealed' | 'current' | 'plain' | 'gone' | 'failed';
  /** For operators; names the token that was plain text, or the missing key. */
  readonly reason?: string;
  /** How often the value changed between the read and the write, and was read again. */
  readonly changedMeanwhile: number;
}

interface StoredValue {
  readonly name: string;
  readonly value: string | null;
}

const PAGE_SIZE = 100;
/** Rows at a time: each write is one short statement that waits for the disk. */
const CONCURRENCY = 5;
/** A token is renewed every few minutes at most: a row that changes more often is not written by this module. */
const MAX_ATTEMPTS = 10;

/**
 * The last step of a key rotation: re-encrypts all stored tokens with the first key, as the result is iterated. Needs the tables and
 * nothing else of the module; may run beside refreshers, be interrupted, and run again.
 * @param encryptionKeys As in the options: the first encrypts, every key decrypts.
 * @param encryptionPlain `allow`: tokens that are stored as plain text are encrypted too. Default: `refuse`; they stay as they are,
 * since somebody else may have written them.
 * @throws ConfigurationError, and StoreError during the iteration. A value that cannot be decrypted stays as it is and is reported as
 * `failed`.
 */
export function resealTokens(
  dataSource: DataSource,
  encryptionKeys: WechatTokenModuleOptions['encryptionKeys'],
  encryptionPlain: PlainValues = 'refuse',
): AsyncIterable<ResealedToken> {
  const sealing = new Sealing(resolveEncryptionKeys(encryptionKeys), 'allow');
  const sql = new SqlRunner(dataSource, new MonotonicClock());
  return new Resealing(sql, sealing, encryptionPlain).run();
}

/**
 * R15: a row is written only if it still has the value that was read, so a newer token is never overwritten. Plain variables stay
 * plain text, for other programs.
 */
class Resealing {
  constructor(
    private readonly sql: SqlRunner,
    private readonly sealing: Sealing,
    private readonly plain: PlainValues,
  ) {}

  /** Token by token, in order of name. @throws StoreError */
  async *run(): AsyncGenerator<ResealedToken> {
    try {
      yield* this.all();
    } finally {
      await this.sql.close();
    }
  }

  private async *all(): AsyncGenerator<ResealedToken> {
    const { storedValues } = this.sql.statements;
    let after = '';
    for (;;) {
      const page = await this.sql.rows<StoredValue>(
        storedValues({ after, limit: PAGE_SIZE }),
      );
      for (let at = 0; at < page.length; at += CONCURRENCY)
        yield* await Promise.all(
          page.slice(at, at + CONCURRENCY).map((row) => this.reseal(row)),
        );
      const last = page.at(-1);
      if (!last || page.length < PAGE_SIZE) return;
      after = last.name;
    }
  }

  private async reseal({ name, value }: StoredValue): Promise<ResealedToken> {
    const { replaceValue, readValue } = this.sql.statements;
    let changedMeanwhile = 0;
    const result = (outcome: ResealedToken['outcome']) => {
      return { name, outcome, changedMeanwhile };
    };
    try {
      let oldValue: string | null | undefined = value;
      while (typeof oldValue === 'string') {
        const wasPlain = !isSealed(oldValue);
        if (wasPlain && this.plain === 'refuse')
          return { ...result('plain'), reason: messages.plainLeft(name) };
        const sealed = this.sealing.reseal(name, oldValue);
        if (sealed === undefined) return result('current');
        const replace = replaceValue({ name, value: sealed, oldValue });
        if ((await this.sql.change(replace)) > 0)
          return wasPlain
            ? { ...result('sealed'), reason: messages.plainSealed(name) }
            : result('resealed');
        if (++changedMeanwhile === MAX_ATTEMPTS)
          return {
            ...result('failed'),
            reason: messages.resealContended(name),
          };
        const rows = await this.sql.rows<StoredValue>(readValue({ name }));
        oldValue = rows[0]?.value;
      }
      return result('gone');
    } catch (error) {
      if (!isSealedValueError(error)) throw error;
      return { ...result('failed'), reason: error.message };
    }
  }
}
