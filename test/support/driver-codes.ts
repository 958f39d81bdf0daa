import type { DatabaseKind } from './fresh-database.js';

const MYSQL = {
  accessDenied: 'ER_ACCESS_DENIED_ERROR',
  cannotWrite: 'ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION',
  constraint: 'ER_CHECK_CONSTRAINT_VIOLATED',
  lockTimeout: 'ER_LOCK_WAIT_TIMEOUT',
  noDatabase: 'ER_BAD_DB_ERROR',
  noTable: 'ER_NO_SUCH_TABLE',
  tooLong: 'ER_DATA_TOO_LONG',
};

/** What the servers call the same error. */
const CODES: Readonly<Record<DatabaseKind, typeof MYSQL>> = {
  mysql: MYSQL,
  mariadb: { ...MYSQL, constraint: 'MARIADB_4025' },
  postgres: {
    accessDenied: '28000',
    cannotWrite: '25006',
    constraint: '23514',
    lockTimeout: '55P03',
    noDatabase: '3D000',
    noTable: '42P01',
    tooLong: '22001',
  },
};

export function driverCodes({ kind }: { readonly kind: DatabaseKind }) {
  return CODES[kind];
}
