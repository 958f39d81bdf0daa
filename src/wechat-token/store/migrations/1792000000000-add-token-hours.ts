import {
  type MigrationInterface,
  type QueryRunner,
  Table,
  TableColumn,
} from 'typeorm';
import { addColumns, fitTables } from './fit-tables.js';
import { inKnownSession } from './known-session.js';
import { instant, nameOf, typesOf } from './new-columns.js';

/** The counts of each hour (docs/adr/0022). Both directions may be interrupted, and then begin again. */
export class AddTokenHours1792000000000 implements MigrationInterface {
  name = 'AddTokenHours1792000000000';

  up(runner: QueryRunner): Promise<void> {
    return inKnownSession(runner, () => this.create(runner));
  }

  down(runner: QueryRunner): Promise<void> {
    return inKnownSession(runner, () => runner.dropTable('token_hour', true));
  }

  private async create(runner: QueryRunner): Promise<void> {
    const table = tokenHour(runner);
    const existing = await fitTables(runner);
    const facts = existing.find(({ name }) => name === table.name);
    if (!facts) return runner.createTable(table);
    await addColumns(
      runner,
      facts,
      table.columns.map(({ name }) => name),
    );
  }
}

function tokenHour(runner: QueryRunner): Table {
  const { varchar, int } = typesOf(runner);
  const key = { isNullable: false, isPrimary: true };
  const sum = { isNullable: false, default: 0 };
  return new Table({
    name: 'token_hour',
    columns: [
      { ...instant(runner, 'hour'), ...key },
      { ...varchar('name', 191), ...nameOf(runner), ...key },
      { ...varchar('outcome', 16), ...key },
      { ...varchar('class', 16), ...key },
      { ...int('count'), ...sum },
      { name: 'latency_sum', type: 'bigint', ...sum },
    ].map((column) => new TableColumn(column)),
  });
}
