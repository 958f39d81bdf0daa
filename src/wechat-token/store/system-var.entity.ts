import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/**
 * One row of the system-variable table. Rows with `expires_at` are tokens that the refresher keeps valid;
 * rows without it are plain variables that it never touches. All instants are UTC, in milliseconds, and are
 * computed by the database's clock (R3): read them with SQL, or with the driver's `timezone` set to `Z`.
 *
 * `synchronize: true` of the app's DataSource leaves the table alone: TypeORM would drop `name`, `value` and `remark` of an
 * existing one to change their lengths. The migrations make and change it.
 */
@Entity('system_var', { synchronize: false })
@Index('IDX_system_var_refresh_at', ['refreshAt'])
@Index('IDX_system_var_updated_at', ['updatedAt'])
@Index('IDX_system_var_source_updated_at', ['source', 'updatedAt'])
export class SystemVar {
  /** `access_token`, `access_token:shop`, or any name of the app's own. Upper and lower case differ. */
  @PrimaryColumn({ type: 'varchar', length: 191 })
  name: string;

  /** The token itself, so that any program can read it; sealed when encryption keys are set (R15). */
  @Column({ type: 'text', nullable: true })
  value: string | null;

  /** For people. */
  @Column({ type: 'varchar', length: 255, default: '' })
  remark: string;

  /** Rises with every claim and every write; each write is conditional on it, so a late one loses (R4). */
  @Column({ type: 'bigint', default: 0 })
  version: string;

  /** What issued the value: `stable`, `classic`; null for plain variables. */
  @Column({ type: 'varchar', length: 32, nullable: true })
  source: string | null;

  @Column({ name: 'issued_at', type: 'datetime', precision: 3, nullable: true })
  issuedAt: Date | null;

  /** From here on the token is due: renewed in the background while it is still served (R2). Null: nobody has kept it for long. */
  @Column({
    name: 'refresh_at',
    type: 'datetime',
    precision: 3,
    nullable: true,
  })
  refreshAt: Date | null;

  /** From here on the platform refuses the token. */
  @Column({
    name: 'expires_at',
    type: 'datetime',
    precision: 3,
    nullable: true,
  })
  expiresAt: Date | null;

  /** When the value, or how long it lives, was last written or confirmed; what replicas look for news by (R13). */
  @Column({
    name: 'updated_at',
    type: 'datetime',
    precision: 3,
    nullable: true,
  })
  updatedAt: Date | null;

  /** The replica that is renewing this token. */
  @Column({ name: 'lease_owner', type: 'varchar', length: 64, nullable: true })
  leaseOwner: string | null;

  @Column({
    name: 'lease_until',
    type: 'datetime',
    precision: 3,
    nullable: true,
  })
  leaseUntil: Date | null;

  /** Failed renewals in a row. */
  @Column({ name: 'failure_count', type: 'int', default: 0 })
  failureCount: number;

  /** No replica asks the platform before this instant (R8). */
  @Column({
    name: 'next_attempt_at',
    type: 'datetime',
    precision: 3,
    nullable: true,
  })
  nextAttemptAt: Date | null;

  /** JSON: `{class, errcode, message, credentialId, at}` of the last failure; holds no secret. */
  @Column({ name: 'last_error', type: 'text', nullable: true })
  lastError: string | null;

  /** First 8 hex of a hash of the credentials that the value was issued for. */
  @Column({
    name: 'credential_id',
    type: 'varchar',
    length: 8,
    nullable: true,
  })
  credentialId: string | null;
}
