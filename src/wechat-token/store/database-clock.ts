import { Injectable } from '@nestjs/common';

/** R3: the database's clock, as of the last row that was read. */
@Injectable()
export class DatabaseClock {
  /** From this process's clock to the database's, milliseconds. */
  private offset: number | undefined;

  /** `databaseNow` was read by a statement that was sent at `readAt`. */
  set(databaseNow: number, readAt: number): void {
    this.offset = databaseNow - readAt;
  }

  /**
   * An instant of this process's clock in milliseconds since 1970-01-01 UTC, by the database's clock and without a statement;
   * undefined before the first row is read.
   */
  epochOf(instant: number): number | undefined {
    return this.offset === undefined ? undefined : instant + this.offset;
  }
}
