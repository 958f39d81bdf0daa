import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify, stripVTControlCharacters } from 'node:util';
import { openDatabase } from '../../src/config/database.js';
import {
  wechatTokenEntities,
  wechatTokenMigrations,
} from '../../src/wechat-token/index.js';
import { PROJECT } from '../support/build.js';
import { readManifest } from '../support/packed-package.js';

describe('npm run typeorm', () => {
  let folder: string;
  let path: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'wechat-token-typeorm-'));
    // In a folder that is not there yet, such as data/ in a fresh clone.
    path = join(folder, 'data/fresh.sqlite');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** What it prints in the project's folder. */
  async function output(program: string, ...args: string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(program, args, {
      cwd: PROJECT,
      env: { ...process.env, DATABASE_URL: `sqlite:${path}` },
    });
    return stripVTControlCharacters(stdout);
  }

  it('migration:run makes the tables, and migration:show says so', async () => {
    await output('npm', 'run', 'typeorm', '--', 'migration:run');

    const dataSource = await openDatabase(
      { type: 'better-sqlite3', path },
      false,
    );
    const rows = await dataSource.query<{ name: string }[]>(
      "SELECT name FROM sqlite_master WHERE type = 'table'",
    );
    const tables = wechatTokenEntities.map(
      (entity) => dataSource.getMetadata(entity).tableName,
    );
    await dataSource.destroy();
    expect(rows.map(({ name }) => name)).toEqual(
      expect.arrayContaining(tables),
    );

    // The same script, without its compiler, which has just run.
    const { typeorm = '' } = readManifest(PROJECT).scripts ?? {};
    const [, command] = typeorm.split(' && ');
    const text = await output('npx', '-c', `${command} migration:show`);
    const shown = text.match(/^\s*\[.\].*$/gm);
    expect(shown).toHaveLength(wechatTokenMigrations.length);
    for (const line of shown ?? []) expect(line).toMatch(/^\s*\[X\] \d+ \w+/);
  });
});
