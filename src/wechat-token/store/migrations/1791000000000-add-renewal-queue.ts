import { type MigrationInterface, type QueryRunner, TableIndex } from 'typeorm';
import type { Dialect } from '../dialects/dialect.js';
import { dialectOf } from '../dialects/dialects.js';
import {
  dataSourceOf,
  isMysql,
  isPostgres,
  pathOf,
  query,
} from './kind-of-database.js';
import { inKnownSession } from './known-session.js';

const TABLE = 'system_var';
const NEXT_AT = 'IDX_system_var_next_at';
const NEWS = 'IDX_system_var_updated_at_name';
const OLD_NEWS = 'IDX_system_var_updated_at';
/** Rows that one statement fills: no replica waits long for a lock. */
const BATCH = 2000;
/** The default of `confirmSeconds`. */
const CONFIRM_MS = 300_000;
/** So soon, at the earliest and at the latest, a refresher looks at the row of an account that nobody knows. */
const UNKNOWN_MS = [60_000, 24 * 3600 * 1000] as const;

/**
 * The queue: `next_at`, in which version 0.1 does not write, and `app_id`. The indexes that version 0.1 names in its statements
 * stay, so that its replicas go on while others run this version. Both directions may be interrupted, and then begin again.
 */
export class AddRenewalQueue1791000000000 implements MigrationInterface {
  name = 'AddRenewalQueue1791000000000';

  up(runner: QueryRunner): Promise<void> {
    return inKnownSession(runner, () => this.add(runner));
  }

  down(runner: QueryRunner): Promise<void> {
    return inKnownSession(runner, () => this.drop(runner));
  }

  private async add(runner: QueryRunner): Promise<void> {
    if (isMysql(runner)) await haveTransactions(runner);
    await addColumns(runner);
    await fill(runner);
    await addIndex(runner, NEXT_AT, ['next_at', 'name']);
    await addIndex(runner, NEWS, ['updated_at', 'name']);
    await dropIndex(runner, OLD_NEWS);
  }

  private async drop(runner: QueryRunner): Promise<void> {
    await addIndex(runner, OLD_NEWS, ['updated_at']);
    for (const name of [NEWS, NEXT_AT]) await dropIndex(runner, name);
    for (const name of ['next_at', 'app_id'])
      if (await runner.hasColumn(TABLE, name))
        await runner.query(
          `ALTER TABLE ${pathOf(runner, TABLE)} DROP COLUMN ${name}`,
        );
  }
}

/** The rows of a table of MyISAM or Aria, which an older app may have made, cannot be locked. */
async function haveTransactions(runner: QueryRunner): Promise<void> {
  const without = await runner.query(
    `SELECT engine FROM information_schema.tables JOIN information_schema.engines USING (engine)
    WHERE table_schema = DATABASE() AND table_name = '${TABLE}' AND transactions = 'NO'`,
  );
  if (without.length > 0)
    await runner.query(`ALTER TABLE ${TABLE} ENGINE = InnoDB`);
}

/** Not by TypeORM, which copies a table of SQLite for each column. */
async function addColumns(runner: QueryRunner): Promise<void> {
  const charset = isMysql(runner) ? 'CHARACTER SET utf8mb4' : '';
  const columns = [
    {
      name: 'next_at',
      type: isPostgres(runner) ? 'timestamp(3)' : 'datetime(3)',
    },
    { name: 'app_id', type: `varchar(64) ${charset}` },
  ];
  const table = await runner.getTable(TABLE);
  for (const { name, type } of columns)
    if (!table?.findColumnByName(name))
      await runner.query(
        `ALTER TABLE ${pathOf(runner, TABLE)} ADD COLUMN ${name} ${type} NULL`,
      );
}

/** In order of name: a migration that was interrupted goes on where rows are not filled yet. */
async function fill(runner: QueryRunner): Promise<void> {
  const dialect = dialectOf(dataSourceOf(runner).options.type);
  if (!dialect) return;
  // As ALTER TABLE has done on MySQL, unless the columns were there: no row stays locked for longer than its statement.
  if (isMysql(runner)) await runner.query('COMMIT');
  const table = pathOf(runner, TABLE);
  // Its bytes, whatever character set the session has for texts.
  const lastName = isMysql(runner) ? 'CAST(MAX(name) AS BINARY)' : 'MAX(name)';
  let after = '';
  for (;;) {
    const [last] = await query(
      runner,
      `SELECT ${lastName} AS name FROM (SELECT name FROM ${table} WHERE name > ? ORDER BY name LIMIT ${BATCH}) page`,
      [after],
    );
    if (last.name === null) return;
    const name = String(last.name);
    const [soonest, latest] = UNKNOWN_MS;
    const unknownMs = soonest + Math.round(Math.random() * (latest - soonest));
    await query(
      runner,
      `UPDATE ${table} SET next_at = ${nextAt(dialect)}
      WHERE name > ? AND name <= ? AND expires_at IS NOT NULL AND next_at IS NULL`,
      [unknownMs, after, name],
    );
    after = name;
  }
}

/**
 * As version 0.1 has it: after a failure the next attempt, else the earlier of refresh and confirmation. It has taken `refresh_at`
 * from tokens of removed accounts; those of a batch are looked at later, after as many milliseconds as the parameter says.
 */
function nextAt({ now, after }: Dialect): string {
  const confirmAt = after('updated_at', String(CONFIRM_MS));
  return `CASE WHEN refresh_at IS NULL THEN ${after(now, '?')} ELSE COALESCE(next_attempt_at,
    CASE WHEN source = 'stable' AND ${confirmAt} < refresh_at THEN ${confirmAt} END, refresh_at) END`;
}

async function addIndex(
  runner: QueryRunner,
  name: string,
  columnNames: string[],
): Promise<void> {
  const table = await runner.getTable(TABLE);
  const existing = table?.indices.find((index) => index.name === name);
  if (existing) {
    const has = new Set(existing.columnNames);
    if (columnNames.every((column) => has.has(column))) return;
    // On MySQL a column that was dropped has left the rest of its index.
    await runner.dropIndex(TABLE, name);
  }
  await runner.createIndex(TABLE, new TableIndex({ name, columnNames }));
}

async function dropIndex(runner: QueryRunner, name: string): Promise<void> {
  const table = await runner.getTable(TABLE);
  if (table?.indices.some((index) => index.name === name))
    await runner.dropIndex(TABLE, name);
}
