import {
  type MigrationInterface,
  type QueryRunner,
  Table,
  TableColumn,
  TableIndex,
} from 'typeorm';
import {
  addColumns,
  addIndex,
  dropColumns,
  dropIndex,
  fitTables,
  lookAt,
} from './fit-tables.js';
import { familyOn, pathOf } from './kind-of-database.js';
import { inKnownSession } from './known-session.js';
import { instant, nameOf, typesOf } from './new-columns.js';

/** The columns of a plain variable. */
const VARIABLE = ['name', 'value', 'remark'];

/**
 * `system_var` may exist already, made by the loop that this package replaces: what it lacks is added, and nothing is lost. A table
 * that cannot hold what is written is refused before anything is changed.
 */
export class CreateWechatTokenTables1790000000000 implements MigrationInterface {
  name = 'CreateWechatTokenTables1790000000000';

  up(runner: QueryRunner): Promise<void> {
    return inKnownSession(runner, () => this.create(runner));
  }

  /** The variables stay, with name, value and remark: the app's own, and perhaps older than this package. */
  down(runner: QueryRunner): Promise<void> {
    return inKnownSession(runner, () => this.drop(runner));
  }

  private async create(runner: QueryRunner): Promise<void> {
    const existing = await fitTables(runner);
    for (const table of [systemVar(runner), tokenEvent(runner)]) {
      const facts = existing.find(({ name }) => name === table.name);
      if (!facts) {
        await runner.createTable(table);
        continue;
      }
      const columns = table.columns.map(({ name }) => name);
      await addColumns(runner, facts, columns);
      for (const { name = '', columnNames } of table.indices)
        await addIndex(runner, facts, name, columnNames);
    }
    if (familyOn(runner) === 'postgres') await expectUpdates(runner);
  }

  private async drop(runner: QueryRunner): Promise<void> {
    await runner.dropTable('token_event');
    const { columns, indices } = systemVar(runner);
    const added = columns.filter(({ name }) => !VARIABLE.includes(name));
    for (const table of await lookAt(runner)) {
      for (const { name = '' } of indices) await dropIndex(runner, table, name);
      await dropColumns(
        runner,
        table,
        added.map(({ name }) => name),
      );
    }
    if (familyOn(runner) === 'postgres') await expectNoUpdates(runner);
  }
}

/** Every row is written every few minutes: new versions have room beside the old ones, whose space is soon free again. */
const OFTEN_UPDATED = {
  fillfactor: 80,
  autovacuum_vacuum_scale_factor: 0.01,
  autovacuum_vacuum_threshold: 1000,
  autovacuum_analyze_scale_factor: 0.05,
};

async function expectUpdates(runner: QueryRunner): Promise<void> {
  const settings = Object.entries(OFTEN_UPDATED).map((one) => one.join(' = '));
  await runner.query(
    `ALTER TABLE ${pathOf(runner, 'system_var')} SET (${settings.join(', ')})`,
  );
}

async function expectNoUpdates(runner: QueryRunner): Promise<void> {
  const settings = Object.keys(OFTEN_UPDATED).join(', ');
  await runner.query(
    `ALTER TABLE ${pathOf(runner, 'system_var')} RESET (${settings})`,
  );
}

function systemVar(runner: QueryRunner): Table {
  const { varchar, text, int } = typesOf(runner);
  return new Table({
    name: 'system_var',
    columns: [
      { ...varchar('name', 191), ...nameOf(runner), isPrimary: true },
      text('value'),
      { ...varchar('remark', 255), isNullable: false, default: "''" },
      { name: 'version', type: 'bigint', default: 0 },
      varchar('source', 32),
      instant(runner, 'issued_at'),
      instant(runner, 'refresh_at'),
      instant(runner, 'expires_at'),
      instant(runner, 'updated_at'),
      varchar('lease_owner', 64),
      instant(runner, 'lease_until'),
      { ...int('failure_count'), isNullable: false, default: 0 },
      instant(runner, 'next_attempt_at'),
      text('last_error'),
      varchar('credential_id', 8),
    ].map((column) => new TableColumn(column)),
    // For the statements of version 0.1, which did not run on PostgreSQL.
    indices:
      familyOn(runner) === 'postgres'
        ? []
        : [
            index('IDX_system_var_refresh_at', ['refresh_at']),
            index('IDX_system_var_updated_at', ['updated_at']),
            index('IDX_system_var_source_updated_at', ['source', 'updated_at']),
          ],
  });
}

function tokenEvent(runner: QueryRunner): Table {
  const { varchar, int } = typesOf(runner);
  return new Table({
    name: 'token_event',
    columns: [
      {
        name: 'id',
        // Only an INTEGER key counts up by itself in SQLite.
        type: familyOn(runner) === 'sqlite' ? 'integer' : 'bigint',
        isPrimary: true,
        isGenerated: true,
        generationStrategy: 'increment' as const,
      },
      { ...varchar('name', 191), ...nameOf(runner) },
      { ...instant(runner, 'at'), isNullable: false },
      { ...varchar('type', 16), isNullable: false },
      varchar('actor', 64),
      varchar('fingerprint', 8),
      int('latency'),
      varchar('detail', 255),
    ].map((column) => new TableColumn(column)),
    indices: [
      index('IDX_token_event_name_type_at', ['name', 'type', 'at']),
      index('IDX_token_event_at', ['at']),
    ],
  });
}

function index(name: string, columnNames: string[]) {
  return new TableIndex({ name, columnNames });
}
