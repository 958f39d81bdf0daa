import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** What each database has for it: `datetime`, or on PostgreSQL `timestamp without time zone`. */
const INSTANT = { type: Date, precision: 3, nullable: true } as const;

/**
 * One row of the system-variable table. Rows with `expires_at` are tokens that the refresher keeps valid; rows without it are plain
 * variables that it never changes. All instants are UTC, in milliseconds, by the database's clock (R3): read them with SQL, or with
 * the driver's `timezone` set to `Z`.
 *
 * The migrations create and alter the table. `synchronize: true` of the app's DataSource skips it: TypeORM would drop and re-create
 * `name`, `value` and `remark` of an existing table to change their lengths.
 */
@Entity('system_var', { synchronize: false })
@Index('IDX_system_var_next_at', ['nextAt', 'name'])
@Index('IDX_system_var_updated_at_name', ['updatedAt', 'name'])
// Version 0.1 names these two in its statements; a later release drops them.
@Index('IDX_system_var_refresh_at', ['refreshAt'])
@Index('IDX_system_var_source_updated_at', ['source', 'updatedAt'])
export class SystemVar {
  /** `access_token`, `access_token:shop`, or the name of a variable of the app. Case-sensitive. */
  @PrimaryColumn({ name: 'name', type: 'varchar', length: 191 })
  name: string;

  /** The token, which any program can read; encrypted when encryption keys are configured (R15). */
  @Column({ name: 'value', type: 'text', nullable: true })
  value: string | null;

  /** A description for operators. */
  @Column({ name: 'remark', type: 'varchar', length: 255, default: '' })
  remark: string;

  /** Incremented by every claim and every write. Each write is conditional on it, so a late write fails (R4). */
  @Column({ name: 'version', type: 'bigint', default: 0 })
  version: string;

  /** The source that issued the value: `stable` or `classic`; null for plain variables. */
  @Column({ name: 'source', type: 'varchar', length: 32, nullable: true })
  source: string | null;

  @Column({ name: 'issued_at', ...INSTANT })
  issuedAt: Date | null;

  /** From this instant the token is due: renewed in the background while it is still served (R2). */
  @Column({ name: 'refresh_at', ...INSTANT })
  refreshAt: Date | null;

  /** From this instant WeChat rejects the token. */
  @Column({ name: 'expires_at', ...INSTANT })
  expiresAt: Date | null;

  /** When the value or the end of its life was last changed; replicas poll for changes by this column (R13). */
  @Column({ name: 'updated_at', ...INSTANT })
  updatedAt: Date | null;

  /**
   * When some refresher should look at the row again, to renew the token or to confirm it; null for plain variables only. Whether
   * WeChat is called is decided by the other columns.
   */
  @Column({ name: 'next_at', ...INSTANT })
  nextAt: Date | null;

  /** The replica that is renewing this token. */
  @Column({ name: 'lease_owner', type: 'varchar', length: 64, nullable: true })
  leaseOwner: string | null;

  @Column({ name: 'lease_until', ...INSTANT })
  leaseUntil: Date | null;

  /** Consecutive failed renewals. */
  @Column({ name: 'failure_count', type: 'int', default: 0 })
  failureCount: number;

  /** No replica calls WeChat for this token before this instant (R8). */
  @Column({ name: 'next_attempt_at', ...INSTANT })
  nextAttemptAt: Date | null;

  /** JSON: `{class, errcode, message, credentialId, at}` of the last failure; contains no secret. */
  @Column({ name: 'last_error', type: 'text', nullable: true })
  lastError: string | null;

  /** The first 8 hexadecimal digits of a hash of the credentials that the value was issued for. */
  @Column({ name: 'credential_id', type: 'varchar', length: 8, nullable: true })
  credentialId: string | null;

  /** The appid of the account that the value was issued for. */
  @Column({ name: 'app_id', type: 'varchar', length: 64, nullable: true })
  appId: string | null;
}
