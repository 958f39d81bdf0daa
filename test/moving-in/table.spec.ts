import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../src/config/database.js';
import {
  migratedDataSource,
  requireTables,
} from '../../src/wechat-token/index.js';
import { PROJECT } from '../support/build.js';
import {
  createDatabase,
  databaseServers,
  type FreshDatabase,
} from '../support/databases.js';
import { parsed } from '../support/open-store.js';
import { blocks } from '../support/pages.js';
import { codeOf } from './page-code.js';

const PAGE = 'docs/moving-in.md';
const MYSQL = databaseServers().filter(({ kind }) => kind !== 'postgres');
const [SQL = ''] = blocks(PAGE, 'sql');
const [CREATE = '', REPAIR = ''] = SQL.replaceAll(/--.*$/gm, '').split(';');

/** The app's own entity, as the page shows it. */
interface Variable {
  name: string;
  value: string | null;
  updatedAt: Date | null;
}

describe.each(MYSQL)('a table that many systems have, on $kind', (server) => {
  let fresh: FreshDatabase;
  let own: DataSource;
  const options = () => dataSourceOptions(parsed(fresh.url));
  beforeEach(async () => {
    fresh = await createDatabase(server);
    own = await new DataSource(options()).initialize();
    await own.query(CREATE);
  });
  afterEach(async () => {
    await own.destroy();
    await fresh.drop();
  });

  it('is refused for two of its columns, and taken after the ALTER TABLE of the page', async () => {
    await own.query(
      "INSERT INTO system_var VALUES ('site_name', 'shop', NULL, 'ann', UTC_TIMESTAMP())",
    );

    const refusal = String(
      await migratedDataSource(options()).catch((error: unknown) => error),
    );
    expect(refusal).toMatch(
      /updated_by.*NOT NULL.*updated_at.*changes with every update/s,
    );
    // What the migrations fix is not listed.
    expect(refusal.match(/\bMODIFY\b/g)).toHaveLength(2);
    await own.query(REPAIR);
    const migrated = await migratedDataSource(options());
    await requireTables(migrated, 'refresher');
    await migrated.destroy();

    expect(
      await own.query('SELECT value, remark, updated_by FROM system_var'),
    ).toEqual([{ value: 'shop', remark: null, updated_by: 'ann' }]);
  });

  it('is migrated by the program of the page, and its rows have the time of the entity there', async () => {
    await own.query(REPAIR);
    const program = blocks(PAGE, 'ts').find((code) =>
      code.includes('COPY_URL'),
    );
    // Inside the project, so that packages are found.
    const folder = join(PROJECT, '.cache/page-code');
    mkdirSync(folder, { recursive: true });
    const file = join(folder, `copy-${process.pid}.mjs`);
    writeFileSync(file, program ?? '');
    const env = { ...process.env, COPY_URL: fresh.url };
    await promisify(execFile)(process.execPath, [file], { env });

    const { Variable } = await codeOf<{ Variable: new () => Variable }>(
      PAGE,
      'Variable',
    );
    const app = new DataSource({ ...options(), entities: [Variable] });
    await app.initialize();
    await requireTables(app, 'refresher');
    const times = () => own.query('SELECT updated_at FROM system_var');
    const variables = app.getRepository(Variable);
    const variable = variables.create({ name: 'site_name', value: 'shop' });
    await variables.save(variable);
    expect(await times()).toEqual([{ updated_at: expect.any(Date) }]);
    await own.query('UPDATE system_var SET updated_at = NULL');
    variable.value = 'store';
    await variables.save(variable);
    expect(await times()).toEqual([{ updated_at: expect.any(Date) }]);
    await app.destroy();
  });
});
