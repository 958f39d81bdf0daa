import { nextTick } from 'node:process';
import { isStoreError } from '../common/errors.js';

/** The most that one statement writes. */
const MOST = 100;
/** From one that was gathered to the next, at least. */
const PAUSE_MS = 10;
/** A statement that takes longer, such as one that waits for a row's lock, is not waited for by those that come after it. */
const SLOW_MS = 500;

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result | Promise<Result>) => void;
  readonly reject: (error: unknown) => void;
}

/** R14: what comes while one write is under way is written together by the next: one alone at once, many in few statements. */
export class WriteBatcher<Item, Result> {
  private waiting: Waiting<Item, Result>[] = [];
  private isWriting = false;

  /**
   * `write` gives a result for each item, in their order, or the promise of one. Its failure is that of all of them, unless the
   * database does not take what one of them holds: then each is written alone.
   */
  constructor(
    private readonly write: (
      items: readonly Item[],
    ) => Promise<readonly (Result | Promise<Result>)[]>,
  ) {}

  add(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ item, resolve, reject });
      if (!this.isWriting) void this.writeAll();
    });
  }

  private async writeAll(): Promise<void> {
    this.isWriting = true;
    // What comes in the same turn of the event loop goes along with it.
    await new Promise<void>((resolve) => nextTick(resolve));
    while (this.waiting.length > 0) {
      const together = this.waiting.slice(0, MOST);
      this.waiting = this.waiting.slice(MOST);
      const written = withinPatience(this.writeTogether(together));
      // Where many come, more of them are worth a moment.
      await (together.length > 1 ? Promise.all([written, pause()]) : written);
    }
    this.isWriting = false;
  }

  private async writeTogether(
    together: readonly Waiting<Item, Result>[],
  ): Promise<void> {
    try {
      const results = await this.write(together.map(({ item }) => item));
      for (const [index, { resolve }] of together.entries())
        resolve(results[index] as Result | Promise<Result>);
    } catch (error) {
      if (together.length > 1 && isRefusal(error))
        for (const one of together) await this.writeTogether([one]);
      else for (const { reject } of together) reject(error);
    }
  }
}

/** What is written is at fault, and not the state that the database is in: the same would be refused again, and others not. */
const REFUSALS =
  /^(ER_(DATA|WARN_DATA|TRUNCATED|BAD_NULL|CHECK_CONSTRAINT|CONSTRAINT|SIGNAL)|SQLITE_(CONSTRAINT|MISMATCH|TOOBIG))/;

function isRefusal(error: unknown): boolean {
  return isStoreError(error) && REFUSALS.test(error.driverCode);
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
}

/** Resolves when the work has ended, or has taken long. */
function withinPatience(work: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, SLOW_MS);
    void work.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
