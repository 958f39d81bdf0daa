import { setTimeout as sleep } from 'node:timers/promises';
import {
  DataSource,
  type DataSourceOptions,
  MigrationExecutor,
  QueryFailedError,
  type QueryRunner,
} from 'typeorm';
import { pathOf } from './kind-of-database.js';
import { inKnownSession } from './known-session.js';
import { refuseRivalEntities } from './rival-entities.js';

type BetterSqlite3Options = Extract<
  DataSourceOptions,
  { type: 'better-sqlite3' }
>;

const LOCK = 'nestjs-wechat-token:migrations';
const LOCK_SECONDS = 120;
const LOCK_POLL_MS = 50;

type TransactionMode = MigrationExecutor['transaction'];

/**
 * Runs all pending migrations of the DataSource, one process at a time: TypeORM takes no lock, so replicas that start at the same
 * time on an empty database would conflict. They run in transactions as TypeORM runs them, by the DataSource's
 * `migrationsTransactionMode`. Call it instead of `migrationsRun: true`.
 * @throws ConfigurationError, and nothing is changed, for a server on which the statements do not run; Error when another process
 * holds the lock for longer than two minutes, or a migration fails.
 */
export async function runMigrationsExclusively(
  dataSource: DataSource,
): Promise<void> {
  const runner = dataSource.createQueryRunner();
  try {
    if (await hasRun(dataSource, runner)) return;
    const mode = dataSource.options.migrationsTransactionMode ?? 'all';
    await inKnownSession(runner, () =>
      lockFor(dataSource, mode)(runner, async () => {
        const executor = new MigrationExecutor(dataSource, runner);
        executor.transaction = mode;
        await executor.executePendingMigrations();
      }),
    );
  } finally {
    await runner.release();
  }
}

/** Whether nothing is pending, as at most starts: one statement, and no lock. */
async function hasRun(
  { options, migrations }: DataSource,
  runner: QueryRunner,
): Promise<boolean> {
  const table = pathOf(runner, options.migrationsTableName ?? 'migrations');
  try {
    const done = await runner.query(`SELECT name FROM ${table}`);
    const names = new Set(done.map(({ name }: { name: string }) => name));
    return migrations.every(({ name, constructor }) =>
      names.has(name ?? constructor.name),
    );
  } catch {
    // The table does not exist yet.
    return false;
  }
}

function lockFor({ options }: DataSource, mode: TransactionMode): Locked {
  if (options.type === 'postgres') return postgresLock;
  if (options.type !== 'better-sqlite3') return mysqlLock;
  if (mode === 'all') return sqliteTransaction;
  // No other process has a database in memory.
  const isInMemory = ['', ':memory:'].includes(options.database);
  return isInMemory ? (_, work) => work() : sqliteFileLock(options);
}

type Locked = (runner: QueryRunner, work: () => Promise<void>) => Promise<void>;

function lockNotFree(): Error {
  return new Error(
    `Another process has held the migration lock of this database for ${LOCK_SECONDS} s. Check that process, or start again.`,
  );
}

/**
 * A named lock of the session; the server releases it when the process exits. The server's databases share its names, of at most 64
 * characters.
 */
const MYSQL_LOCK = "LEFT(CONCAT('nestjs-wechat-token:', DATABASE()), 64)";

const mysqlLock: Locked = async (runner, work) => {
  const [{ locked }] = await runner.query(
    `SELECT GET_LOCK(${MYSQL_LOCK}, ${LOCK_SECONDS}) AS locked`,
  );
  if (Number(locked) !== 1) throw lockNotFree();
  try {
    await work();
  } finally {
    await runner.query(`SELECT RELEASE_LOCK(${MYSQL_LOCK})`);
  }
};

/** An advisory lock of the session, which the server releases when the process exits. Two schemas of a database share it. */
const postgresLock: Locked = async (runner, work) => {
  const ask = (lock: string) =>
    runner.query(`SELECT ${lock}(hashtextextended('${LOCK}', 0)) AS locked`);
  await lockWithin(async () => {
    const [{ locked }] = await ask('pg_try_advisory_lock');
    return locked;
  });
  try {
    await work();
  } finally {
    await ask('pg_advisory_unlock');
  }
};

/** The file's write lock; all migrations become visible at once. TypeORM joins a transaction that is open. */
const sqliteTransaction: Locked = async (runner, work) => {
  await runner.beforeMigration();
  await runner.startTransaction();
  try {
    // TypeORM's own transaction locks nothing at its beginning.
    await runner.query('COMMIT');
    await runner.query('BEGIN IMMEDIATE');
    await work();
    await runner.commitTransaction();
  } catch (error) {
    await runner.rollbackTransaction().catch(() => undefined);
    throw error;
  } finally {
    await runner.afterMigration();
  }
};

/** Where each migration has a transaction of its own, or none, the lock is on an empty file beside the database. */
function sqliteFileLock(options: BetterSqlite3Options): Locked {
  const { driver, nativeBinding, database } = options;
  return async (_, work) => {
    const file = new DataSource({
      type: 'better-sqlite3',
      driver,
      nativeBinding,
      database: `${database}-migrations`,
      timeout: 0,
    });
    await file.initialize();
    try {
      await lockWithin(() => lockFile(file));
      try {
        await work();
      } finally {
        // Not by closing the file: libsql closes it when its statements are garbage.
        await file.query('ROLLBACK');
      }
    } finally {
      await file.destroy();
    }
  };
}

/** False when another process has locked it. */
async function lockFile(file: DataSource): Promise<boolean> {
  try {
    await file.query('BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    const isLocked =
      error instanceof QueryFailedError &&
      error.driverError.code === 'SQLITE_BUSY';
    if (isLocked) return false;
    throw error;
  }
}

/** Asks for a lock that has no queue, again and again. */
async function lockWithin(lock: () => Promise<boolean>): Promise<void> {
  for (let waitedMs = 0; !(await lock()); waitedMs += LOCK_POLL_MS) {
    if (waitedMs >= LOCK_SECONDS * 1000) throw lockNotFree();
    await sleep(LOCK_POLL_MS);
  }
}

/**
 * Connects, synchronizes the app's entities where the options say so, and runs the migrations as {@link runMigrationsExclusively}
 * does, also with `migrationsRun: true`: `TypeOrmModule.forRootAsync({ useFactory, dataSourceFactory: migratedDataSource })`.
 * @throws ConfigurationError, and nothing is changed, where `synchronize` would take the module's columns out of a table.
 */
export async function migratedDataSource(
  options?: DataSourceOptions,
): Promise<DataSource> {
  if (!options) throw new TypeError('migratedDataSource() needs options.');
  // TypeORM would synchronize before anybody has looked at the entities, and migrate without a lock.
  const later = { synchronize: false, migrationsRun: false };
  const dataSource = new DataSource({ ...options, ...later });
  await dataSource.initialize();
  try {
    dataSource.setOptions({ synchronize: options.synchronize });
    refuseRivalEntities(dataSource);
    if (options.synchronize) await dataSource.synchronize();
    await runMigrationsExclusively(dataSource);
    return dataSource;
  } catch (error) {
    await dataSource.destroy();
    throw error;
  }
}
