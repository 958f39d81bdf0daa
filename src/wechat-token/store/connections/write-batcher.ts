import { nextTick } from 'node:process';
import { isStoreError } from '../../common/errors.js';

const MAX_BATCH = 100;
/** After the start of a batch of several items the next one waits this long at least. */
const PAUSE_MS = 10;
/** The next batch does not wait longer for a slow write, such as one that waits for a row lock. */
const SLOW_MS = 500;

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** R14: items that arrive during a write are written together by the next one: a single item at once, many in few statements. */
export class WriteBatcher<Item, Result> {
  private waiting: Waiting<Item, Result>[] = [];
  private isWriting = false;

  /**
   * `write` returns a result for each item in their order, or the error of that item. Its failure is the failure of all items, unless
   * the database has refused the data of one of them: then each item is written alone.
   */
  constructor(
    private readonly write: (
      items: readonly Item[],
    ) => Promise<readonly (Result | Error)[]>,
  ) {}

  add(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ item, resolve, reject });
      if (!this.isWriting) void this.writeAll();
    });
  }

  private async writeAll(): Promise<void> {
    this.isWriting = true;
    // Items of the same tick of the event loop join the first batch.
    await new Promise<void>((resolve) => nextTick(resolve));
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0, MAX_BATCH);
      const written = settledOrSlow(this.writeBatch(batch));
      // Where items arrive in numbers, a short pause gathers more of them.
      await (batch.length > 1 ? Promise.all([written, pause()]) : written);
    }
    this.isWriting = false;
  }

  private async writeBatch(
    batch: readonly Waiting<Item, Result>[],
  ): Promise<void> {
    try {
      const results = await this.write(batch.map(({ item }) => item));
      for (const [index, { resolve, reject }] of batch.entries()) {
        const result = results[index];
        if (result instanceof Error) reject(result);
        else resolve(result as Result);
      }
    } catch (error) {
      if (batch.length > 1 && isDataRefused(error))
        for (const one of batch) await this.writeBatch([one]);
      else for (const { reject } of batch) reject(error);
    }
  }
}

/** The data is at fault, not the database's state: a retry would fail again, and other data would not. */
const DATA_REFUSED =
  /^(ER_(DATA|WARN_DATA|TRUNCATED|BAD_NULL|CHECK_CONSTRAINT|SIGNAL)|MARIADB_4025$|SQLITE_(CONSTRAINT|MISMATCH|TOOBIG)|2[23][0-9A-Z]{3}$)/;

function isDataRefused(error: unknown): boolean {
  return isStoreError(error) && DATA_REFUSED.test(error.driverCode);
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
}

/** Resolves when the work has settled, or after SLOW_MS. */
function settledOrSlow(work: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, SLOW_MS);
    void work.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
