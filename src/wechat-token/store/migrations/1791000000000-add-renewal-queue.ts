import type { MigrationInterface, QueryRunner } from 'typeorm';
import { messages } from '../../common/messages.js';
import type { Dialect } from '../dialects/dialect.js';
import { dialectOf } from '../dialects/dialects.js';
import { CreateWechatTokenTables1790000000000 } from './1790000000000-create-wechat-token-tables.js';
import {
  addColumns,
  addIndex,
  dropColumns,
  dropIndex,
  fitTables,
  lookAt,
} from './fit-tables.js';
import { dataSourceOf, familyOn, pathOf, query } from './kind-of-database.js';
import { inKnownSession } from './known-session.js';
import type { TableFacts } from './table-look.js';

const TABLE = 'system_var';
const ADDED = ['next_at', 'app_id'];
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
    const table = systemVarIn(await fitTables(runner));
    await addColumns(runner, table, ADDED);
    await fill(runner);
    await addIndex(runner, table, NEXT_AT, ['next_at', 'name']);
    await addIndex(runner, table, NEWS, ['updated_at', 'name']);
    await dropIndex(runner, table, OLD_NEWS);
  }

  private async drop(runner: QueryRunner): Promise<void> {
    const table = systemVarIn(await lookAt(runner));
    await addIndex(runner, table, OLD_NEWS, ['updated_at']);
    for (const name of [NEWS, NEXT_AT]) await dropIndex(runner, table, name);
    await dropColumns(runner, table, ADDED);
  }
}

function systemVarIn(tables: readonly TableFacts[]): TableFacts {
  const table = tables.find(({ name }) => name === TABLE);
  if (table) return table;
  const { name } = CreateWechatTokenTables1790000000000;
  throw new Error(messages.tablesMissing(TABLE, name));
}

/** In order of name: a migration that was interrupted goes on where rows are not filled yet. */
async function fill(runner: QueryRunner): Promise<void> {
  const dialect = dialectOf(dataSourceOf(runner).options.type);
  if (!dialect) return;
  // As ALTER TABLE has done on MySQL, unless the columns were there: no row stays locked for longer than its statement.
  if (familyOn(runner) === 'mysql') await runner.query('COMMIT');
  const table = pathOf(runner, TABLE);
  // Its bytes, whatever character set the session has for texts.
  const lastName =
    familyOn(runner) === 'mysql' ? 'CAST(MAX(name) AS BINARY)' : 'MAX(name)';
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
