import {
  DataSource,
  type DataSourceOptions,
  MigrationExecutor,
  type QueryRunner,
} from 'typeorm';

const LOCK = 'nestjs-wechat-token:migrations';
const LOCK_SECONDS = 120;

/**
 * Runs all pending migrations of the DataSource, one process at a time: TypeORM takes no lock, so replicas that start at the same
 * time on an empty database would conflict. Call it instead of `migrationsRun: true`.
 * @throws Error when another process holds the lock for longer than two minutes, or a migration fails.
 */
export async function runMigrationsExclusively(
  dataSource: DataSource,
): Promise<void> {
  const runner = dataSource.createQueryRunner();
  try {
    if (await hasRun(runner)) return;
    const lock =
      dataSource.options.type === 'better-sqlite3' ? sqliteLock : mysqlLock;
    await lock(runner, async () => {
      const executor = new MigrationExecutor(dataSource, runner);
      executor.transaction = 'none';
      await executor.executePendingMigrations();
    });
  } finally {
    await runner.release();
  }
}

/** Whether nothing is pending, as at most starts: one statement, and no lock. */
async function hasRun(runner: QueryRunner): Promise<boolean> {
  const { options, migrations, driver } = runner.dataSource;
  const table = driver.escape(options.migrationsTableName ?? 'migrations');
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

type Locked = (runner: QueryRunner, work: () => Promise<void>) => Promise<void>;

/** A named lock of the session; the server releases it when the process exits. */
const mysqlLock: Locked = async (runner, work) => {
  const [{ locked }] = await runner.query('SELECT GET_LOCK(?, ?) AS locked', [
    LOCK,
    LOCK_SECONDS,
  ]);
  if (Number(locked) !== 1)
    throw new Error(
      `Another process has held the migration lock of this database for ${LOCK_SECONDS} s. Check that process, or start again.`,
    );
  try {
    await work();
  } finally {
    await runner.query('SELECT RELEASE_LOCK(?)', [LOCK]);
  }
};

/** The file's write lock; all migrations become visible at once. */
const sqliteLock: Locked = async (runner, work) => {
  await runner.query('BEGIN IMMEDIATE');
  try {
    await work();
    await runner.query('COMMIT');
  } catch (error) {
    await runner.query('ROLLBACK');
    throw error;
  }
};

/**
 * Connects, and runs the migrations as {@link runMigrationsExclusively} does:
 * `TypeOrmModule.forRootAsync({ useFactory, dataSourceFactory: migratedDataSource })`.
 */
export async function migratedDataSource(
  options?: DataSourceOptions,
): Promise<DataSource> {
  if (!options) throw new TypeError('migratedDataSource() needs options.');
  const dataSource = await new DataSource(options).initialize();
  try {
    await runMigrationsExclusively(dataSource);
    return dataSource;
  } catch (error) {
    await dataSource.destroy();
    throw error;
  }
}
