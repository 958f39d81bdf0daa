import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

/** What happened to a token. */
export type TokenEventType =
  /** An operator has requested a renewal; the events that follow have its result. */
  | 'asked'
  /** A caller has reported that WeChat rejected the token; `rejected` follows when the report starts a renewal. */
  | 'reported'
  /** A caller has reported the token over HTTP, and WeChat accepts it; the latency is that of the probe, if this report caused one. */
  | 'unconfirmed'
  | 'refreshed'
  | 'failed'
  | 'forced'
  | 'rejected'
  | 'lease-lost'
  /** A call that the platform limits by the hour; under the name of the limit, which is no token's. */
  | 'called'
  /** The token's row was lost, and written again from a replica's memory. */
  | 'restored';

/**
 * The history of every token, kept for 30 days. The budgets of R5 and R9 are counted from it, for all replicas together. The
 * migrations create the table.
 */
@Entity('token_event', { synchronize: false })
@Index('IDX_token_event_name_type_at', ['name', 'type', 'at'])
@Index('IDX_token_event_at', ['at'])
export class TokenEvent {
  @PrimaryGeneratedColumn({ name: 'id', type: 'bigint' })
  id: string;

  /** The token's name. */
  @Column({ name: 'name', type: 'varchar', length: 191 })
  name: string;

  @Column({ name: 'at', type: Date, precision: 3 })
  at: Date;

  @Column({ name: 'type', type: 'varchar', length: 16 })
  type: TokenEventType;

  /** The replica, or the id of the API key, that caused the event. */
  @Column({ name: 'actor', type: 'varchar', length: 64, nullable: true })
  actor: string | null;

  /** Of the token concerned; never the token itself. */
  @Column({ name: 'fingerprint', type: 'varchar', length: 8, nullable: true })
  fingerprint: string | null;

  /** WeChat's response time in milliseconds. */
  @Column({ name: 'latency', type: 'int', nullable: true })
  latency: number | null;

  @Column({ name: 'detail', type: 'varchar', length: 255, nullable: true })
  detail: string | null;
}
