import {
  type MigrationInterface,
  type QueryRunner,
  Table,
  TableColumn,
  TableIndex,
} from 'typeorm';

const isSqlite = (runner: QueryRunner) =>
  runner.dataSource.options.type === 'better-sqlite3';

/** `system_var` may exist already, made by the loop that this package replaces: what it lacks is added, nothing is lost. */
export class CreateWechatTokenTables1790000000000 implements MigrationInterface {
  name = 'CreateWechatTokenTables1790000000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const table of [systemVar(runner), tokenEvent(runner)]) {
      await runner.createTable(table, true);
      const existing = await runner.getTable(table.name);
      for (const column of table.columns) {
        if (!existing?.findColumnByName(column.name))
          await runner.addColumn(table.name, column);
      }
      for (const index of table.indices) {
        if (!existing?.indices.some((found) => found.name === index.name))
          await runner.createIndex(table.name, index);
      }
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('token_event');
    await runner.dropTable('system_var');
  }
}

function systemVar(runner: QueryRunner): Table {
  // MySQL compares without regard to case by default; `shop` and `Shop` are two accounts.
  const binary = isSqlite(runner)
    ? {}
    : { charset: 'utf8mb4', collation: 'utf8mb4_bin' };
  return new Table({
    name: 'system_var',
    columns: [
      varchar('name', 191, { isPrimary: true, isNullable: false, ...binary }),
      { name: 'value', type: 'text', isNullable: true },
      varchar('remark', 255, { isNullable: false, default: "''" }),
      { name: 'version', type: 'bigint', default: 0 },
      varchar('source', 32),
      instant('issued_at'),
      instant('refresh_at'),
      instant('expires_at'),
      instant('updated_at'),
      varchar('lease_owner', 64),
      instant('lease_until'),
      { name: 'failure_count', type: 'int', default: 0 },
      instant('next_attempt_at'),
      { name: 'last_error', type: 'text', isNullable: true },
      varchar('credential_id', 8),
    ].map((column) => new TableColumn(column)),
    indices: [
      index('IDX_system_var_refresh_at', ['refresh_at']),
      index('IDX_system_var_updated_at', ['updated_at']),
      index('IDX_system_var_source_updated_at', ['source', 'updated_at']),
    ],
  });
}

function tokenEvent(runner: QueryRunner): Table {
  return new Table({
    name: 'token_event',
    columns: [
      {
        name: 'id',
        // Only an INTEGER key counts up by itself in SQLite.
        type: isSqlite(runner) ? 'integer' : 'bigint',
        isPrimary: true,
        isGenerated: true,
        generationStrategy: 'increment' as const,
      },
      varchar('name', 191, { isNullable: false }),
      instant('at', { isNullable: false }),
      varchar('type', 16, { isNullable: false }),
      varchar('actor', 64),
      varchar('fingerprint', 8),
      { name: 'latency', type: 'int', isNullable: true },
      varchar('detail', 255),
    ].map((column) => new TableColumn(column)),
    indices: [
      index('IDX_token_event_name_type_at', ['name', 'type', 'at']),
      index('IDX_token_event_at', ['at']),
    ],
  });
}

type Extra = Partial<ConstructorParameters<typeof TableColumn>[0]>;

function varchar(name: string, length: number, extra: Extra = {}) {
  const column = { name, type: 'varchar', length: String(length) };
  return { ...column, isNullable: true, ...extra };
}

function instant(name: string, extra: Extra = {}) {
  const column = { name, type: 'datetime', precision: 3 };
  return { ...column, isNullable: true, ...extra };
}

function index(name: string, columnNames: string[]) {
  return new TableIndex({ name, columnNames });
}
