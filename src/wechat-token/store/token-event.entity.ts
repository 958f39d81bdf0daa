import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

/** What happened to a token. */
export type TokenEventType =
  /** An operator wants it renewed; what came of it is told by the events that follow. */
  | 'asked'
  /** A caller says that the platform refused it; `rejected` follows where that makes it be renewed. */
  | 'reported'
  | 'refreshed'
  | 'failed'
  | 'forced'
  | 'rejected'
  | 'lease-lost';

/** The history of every token, kept for 30 days; the budgets of R5 and R9 are counted here, for all replicas together. Made by the migrations. */
@Entity('token_event', { synchronize: false })
@Index('IDX_token_event_name_type_at', ['name', 'type', 'at'])
@Index('IDX_token_event_at', ['at'])
export class TokenEvent {
  @PrimaryGeneratedColumn({ type: 'bigint' })
  id: string;

  /** The token's name. */
  @Column({ type: 'varchar', length: 191 })
  name: string;

  @Column({ type: 'datetime', precision: 3 })
  at: Date;

  @Column({ type: 'varchar', length: 16 })
  type: TokenEventType;

  /** The replica, or the id of the API key, that caused it. */
  @Column({ type: 'varchar', length: 64, nullable: true })
  actor: string | null;

  /** Of the token it concerns; never the token. */
  @Column({ type: 'varchar', length: 8, nullable: true })
  fingerprint: string | null;

  /** Milliseconds that the platform took to answer. */
  @Column({ type: 'int', nullable: true })
  latency: number | null;

  @Column({ type: 'varchar', length: 255, nullable: true })
  detail: string | null;
}
