import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What is counted of a renewal. */
export type CountedOutcome = 'refreshed' | 'failed';

/**
 * The renewals and failures of each hour, kept for 8 days, so that charts need not count events. A row is of one token, or, under
 * `@` and a replica's id, of all that this replica has counted: their sum is the whole system's. The migrations create the table.
 */
@Entity('token_hour', { synchronize: false })
export class TokenHour {
  /** The beginning of the hour, UTC, by the database's clock. */
  @PrimaryColumn({ name: 'hour', type: Date, precision: 3 })
  hour: Date;

  @PrimaryColumn({ name: 'name', type: 'varchar', length: 191 })
  name: string;

  @PrimaryColumn({ name: 'outcome', type: 'varchar', length: 16 })
  outcome: CountedOutcome;

  /** The class of the failures; empty for renewals. */
  @PrimaryColumn({ name: 'class', type: 'varchar', length: 16 })
  class: string;

  @Column({ name: 'count', type: 'int', default: 0 })
  count: number;

  /** The sum of WeChat's response times, milliseconds. */
  @Column({ name: 'latency_sum', type: 'bigint', default: 0 })
  latencySum: string;
}
