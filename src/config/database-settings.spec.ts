import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROJECT } from '../../test/support/build.js';
import {
  ACCOUNT,
  MARK,
  refuse,
  refuseFiles,
} from '../../test/support/refused-settings.js';
import type { DatabaseTls } from './database-tls.js';
import { readSettingFiles, type SettingFiles } from './setting-files.js';
import { type Environment, loadSettings } from './settings.js';

const SERVERS = ['mysql', 'mariadb', 'postgres'];
const url = (scheme: string, query = '', host = 'db.example') =>
  `${scheme}://app:${MARK}@${host}/app${query}`;
const CA = join(PROJECT, 'test/fixtures/tls/ca.crt');

function tlsOf(
  environment: Environment,
  files?: SettingFiles,
): DatabaseTls | undefined {
  const { database } = loadSettings({ ...ACCOUNT, ...environment }, files);
  return database.type === 'better-sqlite3' ? undefined : database.tls;
}

describe.each(SERVERS)('TLS to the database, %s', (scheme) => {
  it.each(['verify', 'require', 'off'])('DATABASE_TLS=%s is read', (mode) => {
    const environment = { DATABASE_URL: url(scheme), DATABASE_TLS: mode };
    expect(tlsOf(environment)).toEqual({ mode });
  });

  it.each([
    ['sslmode=disable', 'off'],
    ['sslmode=allow', 'prefer'],
    ['sslmode=prefer', 'prefer'],
    ['sslmode=require', 'require'],
    ['sslmode=verify-full', 'verify'],
    ['ssl-mode=DISABLED', 'off'],
    ['ssl-mode=PREFERRED', 'prefer'],
    ['ssl-mode=REQUIRED', 'require'],
    ['ssl-mode=VERIFY_IDENTITY', 'verify'],
    ['sslMode=verify_identity', 'verify'],
    ['ssl=true', 'verify'],
    ['ssl=false', 'off'],
    ['ssl-mode=REQUIRED&sslmode=require', 'require'],
  ])('?%s means %s', (query, mode) => {
    expect(tlsOf({ DATABASE_URL: url(scheme, `?${query}`) })).toEqual({ mode });
  });

  it.each(['localhost', '127.0.0.1', '[::1]', 'db.localhost'])(
    'unset is plain to %s',
    (host) => {
      const environment = { DATABASE_URL: url(scheme, '', host) };
      expect(tlsOf(environment)).toEqual({ mode: 'off' });
    },
  );

  it.each(['db.example', '10.0.0.5', '[::2]', '127.0.0.1.example'])(
    'unset is TLS to %s where it offers TLS',
    (host) => {
      const environment = { DATABASE_URL: url(scheme, '', host) };
      expect(tlsOf(environment)).toEqual({ mode: 'prefer' });
    },
  );

  it.each<[Environment, string, RegExp]>([
    [{ DATABASE_TLS: 'true' }, 'DATABASE_TLS', /^must be one of verify, /],
    [{ DATABASE_TLS: 'prefer' }, 'DATABASE_TLS', /^must be one of verify, /],
    [
      { DATABASE_URL: url(scheme, `?sslmode=${MARK}`) },
      'DATABASE_URL',
      /^has an sslmode that is not known; set it to disable, prefer, require or verify-full \(/,
    ],
    ...['sslmode=verify-ca', 'ssl-mode=VERIFY_CA'].map(
      (query): [Environment, string, RegExp] => [
        { DATABASE_URL: url(scheme, `?${query}`) },
        'DATABASE_URL',
        /^has an ssl-?mode that is not known; set it to .* VERIFY_IDENTITY\)$/,
      ],
    ),
    [
      {
        DATABASE_URL: url(scheme, '?sslmode=disable'),
        DATABASE_TLS: 'verify',
      },
      'DATABASE_TLS',
      /^disagrees: DATABASE_TLS=verify, but sslmode=disable in DATABASE_URL, which means off; /,
    ],
    [
      {
        DATABASE_URL: url(scheme, '?ssl-mode=PREFERRED'),
        DATABASE_TLS: 'off',
      },
      'DATABASE_TLS',
      /^disagrees: DATABASE_TLS=off, but ssl-mode=PREFERRED in /,
    ],
    [
      { DATABASE_URL: url(scheme, '?ssl=true&sslmode=require') },
      'DATABASE_URL',
      /^disagrees: ssl=true in DATABASE_URL, which means verify, but sslmode=require in DATABASE_URL, which means require; /,
    ],
    [
      { DATABASE_URL: url(scheme, `?sslmode=require&sslcert=${MARK}&x=1#`) },
      'DATABASE_URL',
      /^has parameters that are not known \(sslcert, x, #\); remove them \(.*DATABASE_TLS_CA_FILE/,
    ],
    ...['off', 'require', undefined].map(
      (DATABASE_TLS): [Environment, string, RegExp] => [
        { DATABASE_TLS, DATABASE_TLS_CA_FILE: CA },
        'DATABASE_TLS_CA_FILE',
        /^is used with DATABASE_TLS=verify only; /,
      ],
    ),
  ])('%j is refused', async (environment, field, problem) => {
    const settings = { ...ACCOUNT, DATABASE_URL: url(scheme), ...environment };
    expect((await refuseFiles(settings)).faults).toEqual([
      { field, problem: expect.stringMatching(problem) },
    ]);
  });
});

it('a socket of PostgreSQL is plain unless something else is set', () => {
  const socket = url('postgres', '', '%2Fvar%2Frun%2Fpostgresql');
  expect(tlsOf({ DATABASE_URL: socket })).toEqual({ mode: 'off' });
});

describe('DATABASE_TLS=verify', () => {
  it.each(['10.0.0.5', '[2001:db8::1]', '127.0.0.1'])(
    'of MySQL needs a name in place of %s, which mysql2 does not compare',
    (host) => {
      for (const scheme of ['mysql', 'mariadb'])
        expect(
          refuse({
            ...ACCOUNT,
            DATABASE_URL: url(scheme, '', host),
            DATABASE_TLS: 'verify',
          }).faults,
        ).toEqual([
          {
            field: 'DATABASE_URL',
            problem: expect.stringMatching(
              /^has an IP address, .* put the host's name in its place/,
            ),
          },
        ]);
      const DATABASE_URL = url('postgres', '', host);
      expect(tlsOf({ DATABASE_URL, DATABASE_TLS: 'verify' })).toEqual({
        mode: 'verify',
      });
    },
  );
});

describe('DATABASE_TLS_CA_FILE', () => {
  let folder: string;
  beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'wechat-ca-'))));
  afterAll(() => rmSync(folder, { recursive: true }));

  const settings = (DATABASE_TLS_CA_FILE: string) => ({
    DATABASE_URL: url('mysql', '?ssl-mode=VERIFY_IDENTITY'),
    DATABASE_TLS_CA_FILE,
  });

  it('is read as a list of certificates', async () => {
    const tls = tlsOf(settings(CA), await readSettingFiles(settings(CA)));
    expect(tls?.mode).toBe('verify');
    expect(tls?.ca).toEqual([
      expect.stringMatching(/^-----BEGIN CERTIFICATE-----\n[^-]+-----END /),
    ]);
  });

  it.each([
    ['', /^names an empty file$/],
    [MARK, /^has no certificate in PEM: /],
    [
      `-----BEGIN CERTIFICATE-----\n${MARK}\n-----END CERTIFICATE-----\n`,
      /^has no certificate in PEM: /,
    ],
    [
      `-----BEGIN PRIVATE KEY-----\n${MARK}\n-----END PRIVATE KEY-----\n`,
      /^has no certificate in PEM: /,
    ],
  ])('with the content %j is refused', async (content, problem) => {
    const path = join(folder, 'ca.pem');
    writeFileSync(path, content);
    const { faults } = await refuseFiles({ ...ACCOUNT, ...settings(path) });
    expect(faults).toEqual([
      {
        field: 'DATABASE_TLS_CA_FILE',
        problem: expect.stringMatching(problem),
      },
    ]);
  });

  it.each([
    ['missing.pem', /cannot be read \(ENOENT\); correct /],
    ['', /^names something that is no regular file, /],
  ])('that cannot be read is refused: %s', async (name, problem) => {
    const path = join(folder, name);
    const { faults } = await refuseFiles({ ...ACCOUNT, ...settings(path) });
    expect(faults).toEqual([
      {
        field: 'DATABASE_TLS_CA_FILE',
        problem: expect.stringMatching(problem),
      },
    ]);
  });
});

describe('for SQLite', () => {
  it.each<[Environment, string, RegExp]>([
    [{ DATABASE_TLS: 'off' }, 'DATABASE_TLS', /^is for MySQL, /],
    [{ DATABASE_TLS_CA_FILE: CA }, 'DATABASE_TLS_CA_FILE', /^is for MySQL, /],
    [
      { DATABASE_URL: 'sqlite:a.sqlite?sslmode=disable' },
      'DATABASE_URL',
      /^has parameters that are not known \(sslmode\)/,
    ],
  ])('%j is refused', async (environment, field, problem) => {
    const { faults } = await refuseFiles({ ...ACCOUNT, ...environment });
    expect(faults).toEqual([
      { field, problem: expect.stringMatching(problem) },
    ]);
  });
});
