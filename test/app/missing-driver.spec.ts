import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_FAKE_ACCOUNT } from '../../src/testing/index.js';
import { PROJECT } from '../support/build.js';
import { linkAllBut } from '../support/packed-package.js';
import { spawnApp } from '../support/run-app.js';

const { appId, appSecret } = DEFAULT_FAKE_ACCOUNT;

/** The built app where a user has installed all but one package. */
describe('a database whose driver is not installed', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'wechat-token-driver-'));
    for (const part of ['dist', 'package.json'])
      cpSync(join(PROJECT, part), join(folder, part), { recursive: true });
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it.each([
    [
      'mysql2',
      'mysql://root:SeCrEt@127.0.0.1:1/app',
      'mysql://127.0.0.1:1/app',
    ],
    ['mysql2', 'mariadb://root:SeCrEt@[::1]/app', 'mariadb://[::1]/app'],
    [
      'pg',
      'postgres://root:SeCrEt@127.0.0.1:1/app',
      'postgres://127.0.0.1:1/app',
    ],
    ['libsql', 'sqlite:app.sqlite', 'sqlite:app.sqlite'],
  ])('%s: %s', async (driver, DATABASE_URL, address) => {
    linkAllBut([driver], folder);
    await using app = spawnApp(
      {
        WECHAT_APP_ID: appId,
        WECHAT_APP_SECRET: appSecret,
        DATABASE_URL,
      },
      {
        cwd: folder,
        script: join(folder, 'dist/main.js'),
        nodeOptions: ['--preserve-symlinks', '--preserve-symlinks-main'],
      },
    );
    expect(await app.exit).toEqual({ code: 1, signal: null });
    expect(app.stderr()).toBe(
      `DATABASE_URL: cannot open ${address} (${driver === 'libsql' ? 'MODULE_NOT_FOUND' : 'DriverPackageNotInstalledError'}). Install the driver: npm install mysql2, pg for PostgreSQL, or libsql for SQLite.\n`,
    );
    expect(app.logs()).toBe('');
  });
});
