// What do TypeORM's schema tools do to the module's tables? For any version of TypeORM: the one that is installed in a folder.
//
//   node schema-tools.mjs <folder> '<options of a DataSource on an empty database, as JSON>'
//
// It exits with 1 and prints what they would change.
import { execFile } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

const OURS = ['system_var', 'token_event', 'token_hour'];

/** As an app writes it: the module's entities and migrations, and a table of its own, which the tools are to make. */
const DATA_SOURCE = `
import { createRequire } from 'node:module';
import { DataSource, EntitySchema } from 'typeorm';
import { wechatTokenEntities, wechatTokenMigrations } from 'nestjs-wechat-token';

const shop = new EntitySchema({
  name: 'shop',
  columns: { id: { type: Number, primary: true } },
});

const { driver, ...options } = OPTIONS;
const require = createRequire(import.meta.url);

export const create = (more) =>
  new DataSource({
    ...options,
    ...(driver && { driver: require(driver) }),
    entities: [...wechatTokenEntities, shop],
    migrations: [...wechatTokenMigrations],
    ...more,
  });
`;

/**
 * Runs `schema:log`, `migration:generate`, `schema:sync` and `synchronize: true` on the migrated tables.
 * @param {string} folder Where `typeorm`, its driver and `nestjs-wechat-token` are found.
 * @param {object} options Of a DataSource on an empty database; a `driver` by its package's name.
 * @returns {Promise<string[]>} What the tools have done or would do to the module's tables: nothing, or a list of complaints.
 */
export async function schemaToolComplaints(folder, options) {
  mkdirSync(join(folder, '.cache'), { recursive: true });
  const work = mkdtempSync(join(folder, '.cache', 'schema-tools-'));
  try {
    const dataSource = join(work, 'create.mjs');
    const text = DATA_SOURCE.replace('OPTIONS', JSON.stringify(options));
    writeFileSync(dataSource, text);
    writeFileSync(
      join(work, 'data-source.mjs'),
      "import { create } from './create.mjs';\nexport default create({});\n",
    );
    const { create } = await import(pathToFileURL(dataSource).href);
    return await complaintsOf(work, create);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function complaintsOf(work, create) {
  const typeorm = (...args) => cli(work, args);
  const complaints = [];
  const expectNothingOfOurs = (what, text) => {
    if (!text.includes('shop'))
      complaints.push(`${what} does not see the app's own table: ${text}`);
    if (OURS.some((table) => text.includes(table)))
      complaints.push(`${what} proposes: ${text}`);
  };

  await typeorm('migration:run');
  const before = await stateOf(create({}));
  expectNothingOfOurs('schema:log', await typeorm('schema:log'));
  await typeorm('migration:generate', join(work, 'generated'));
  const generated = readdirSync(work).filter((name) => /generated/.test(name));
  for (const name of generated)
    expectNothingOfOurs(
      'migration:generate',
      readFileSync(join(work, name), 'utf8'),
    );
  if (generated.length !== 1)
    complaints.push(`migration:generate wrote ${generated.length} files`);
  const expectUnchanged = async (what, state) => {
    if ((await state) !== before)
      complaints.push(`${what} has changed ${before} to ${await state}`);
  };
  await expectUnchanged(
    'synchronize: true',
    stateOf(create({ synchronize: true })),
  );
  await typeorm('schema:sync');
  await expectUnchanged('schema:sync', stateOf(create({})));
  const log = await typeorm('schema:log');
  if (!log.includes('up to date')) complaints.push(`schema:log says ${log}`);
  return complaints;
}

/** The columns and indexes of the module's tables, and a row, which the first call inserts. */
async function stateOf(dataSource) {
  await dataSource.initialize();
  const runner = dataSource.createQueryRunner();
  try {
    const [table] = OURS;
    const select = `SELECT name, value, remark FROM ${table}`;
    if ((await runner.query(select)).length === 0)
      await runner.query(
        `INSERT INTO ${table} (name, value, remark, version, failure_count) VALUES ('site_name', 'a shop', 'r', 0, 0)`,
      );
    const tables = await runner.getTables(OURS);
    const shapes = tables.map(({ columns, indices }) => ({
      // MySQL lists them in any order.
      columns: columns
        .map(({ name, type, length, isNullable, default: value, collation }) =>
          [name, type, length, isNullable, value, collation].join(' '),
        )
        .sort(),
      indices: indices
        .map(({ name, columnNames }) => `${name} ${columnNames.join()}`)
        .sort(),
    }));
    return JSON.stringify([shapes, await runner.query(select)]);
  } finally {
    await runner.release();
    await dataSource.destroy();
  }
}

/** The output of TypeORM's command line. */
async function cli(work, [command, ...args]) {
  const require = createRequire(join(work, 'data-source.mjs'));
  const script = join(dirname(require.resolve('typeorm')), 'cli.js');
  const dataSource = ['-d', join(work, 'data-source.mjs')];
  const all = [script, command, ...args, ...dataSource];
  const { stdout } = await run(process.execPath, all, { cwd: work });
  return stdout;
}

const [, script = '', folder, options] = process.argv;
if (folder && options && resolve(script) === fileURLToPath(import.meta.url)) {
  const all = await schemaToolComplaints(resolve(folder), JSON.parse(options));
  for (const complaint of all) process.stdout.write(`${complaint}\n`);
  process.exitCode = all.length > 0 ? 1 : 0;
}
