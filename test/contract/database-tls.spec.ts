import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DataSource, type DataSourceOptions } from 'typeorm';
import {
  dataSourceOptions,
  openDatabase,
  tlsWarning,
} from '../../src/config/database.js';
import { readDatabaseSettings } from '../../src/config/command-settings.js';
import { FakeWechat } from '../../src/testing/index.js';
import { isStoreError } from '../../src/wechat-token/index.js';
import { TcpProxy } from '../chaos/support/tcp-proxy.js';
import { appEnv, fetchToken } from '../support/app-env.js';
import { CommandHost } from '../support/command-host.js';
import { isPostgresUrl, queryOnce } from '../support/connect.js';
import {
  type DatabaseServer,
  startDatabaseServer,
} from '../support/database-server.js';
import { findServerBinaries } from '../support/find-database-servers.js';
import { openStoreOn } from '../support/open-store.js';
import { runApp } from '../support/run-app.js';

const TLS_FILES = join(import.meta.dirname, '../fixtures/tls');
const fixture = (name: string) => join(TLS_FILES, name);
const TOKEN = '92_a-token-that-nobody-on-the-wire-must-see';
const PASSWORD = 'a-password-that-nobody-on-the-wire-must-see';
/** An address of this machine that is not taken for a loopback. */
const NOT_LOOPBACK = '0.0.0.0';
const OFF = { DATABASE_TLS: 'off' };
const REQUIRE = { DATABASE_TLS: 'require' };
const WITHOUT_CA = { DATABASE_TLS: 'verify' };
const VERIFY = { ...WITHOUT_CA, DATABASE_TLS_CA_FILE: fixture('ca.crt') };

type Settings = Readonly<Record<string, string>>;

/** What a relay has seen pass, in both directions. */
class Wire implements AsyncDisposable {
  private constructor(
    private readonly seen: Buffer[],
    readonly proxy: TcpProxy,
  ) {}

  static async to(url: string, answer = (bytes: Buffer) => bytes) {
    const seen: Buffer[] = [];
    const note = (bytes: Buffer) => {
      seen.push(bytes);
      return bytes;
    };
    const edits = { question: note, answer: (b: Buffer) => note(answer(b)) };
    return new Wire(seen, await TcpProxy.start(url, edits));
  }

  get text(): string {
    return Buffer.concat(this.seen).toString('latin1');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.proxy[Symbol.asyncDispose]();
  }
}

/** What somebody on the wire puts in place of the server's part of a handshake. */
function garbled(bytes: Buffer): Buffer {
  const isHandshake = bytes[0] === 0x16 && bytes[1] === 3;
  return isHandshake ? Buffer.from('HTTP/1.1 400 Bad Request\r\n') : bytes;
}

/** What somebody on the wire makes of an answer, so that the server seems to offer no TLS. */
function withoutTls(bytes: Buffer): Buffer {
  if (bytes.toString('latin1') === 'S') return Buffer.from('N');
  // MySQL's greeting: its version ends with a NUL, behind which are 13 bytes and the lower half of the capabilities.
  if (bytes[3] !== 0 || bytes[4] !== 10) return bytes;
  const changed = Buffer.from(bytes);
  const at = changed.indexOf(0, 5) + 14;
  changed.writeUInt16LE(changed.readUInt16LE(at) & ~0x0800, at);
  return changed;
}

describe.each(await findServerBinaries())(
  'TLS to the database, $kind',
  ({ kind, binary }) => {
    let server: DatabaseServer;
    let address: string;
    beforeAll(async () => {
      const certificate = fixture('localhost.crt');
      server = await startDatabaseServer(kind, binary, { certificate });
      address = await server.createDatabase('app');
      for (const sql of strictAccount(kind)) await queryOnce(server.url, sql);
      await server.presentCertificate(certificate);
    });
    afterAll(() => server.stop());
    afterEach(() => server.presentCertificate(fixture('localhost.crt')));

    const at = (host: string, parts: Partial<URL> = {}) => {
      const url = new URL(address);
      return Object.assign(url, { hostname: host }, parts).href;
    };
    const strict = { username: 'strict', password: PASSWORD };
    const open = async (url: string, settings: Settings = {}) =>
      openDatabase(
        await readDatabaseSettings({ DATABASE_URL: url, ...settings }),
        true,
      );
    const refusal = async (url: string, settings: Settings = {}) => {
      const error: unknown = await open(url, settings).then(
        () => 'It was opened.',
        (thrown: unknown) => thrown,
      );
      if (!(error instanceof Error)) throw new Error(String(error));
      for (const secret of [PASSWORD, 'other.example', 'BEGIN CERT'])
        expect(error.stack).not.toContain(secret);
      return error.message;
    };
    /** The version of TLS, by the server; empty for a plain connection. */
    const versionOf = async (dataSource: DataSource) => {
      const [row] = await dataSource.query<Record<string, string>[]>(
        isPostgresUrl(address)
          ? 'SELECT version AS "Value" FROM pg_stat_ssl WHERE pid = pg_backend_pid()'
          : "SHOW SESSION STATUS LIKE 'Ssl_version'",
      );
      return row?.['Value'] ?? '';
    };
    const version = async (url: string, settings: Settings = {}) => {
      const dataSource = await open(url, settings);
      const found = await versionOf(dataSource);
      await dataSource.destroy();
      return found;
    };
    const PLAIN =
      / This connection is not encrypted: if the server or the account requires TLS, set DATABASE_TLS=verify, or require\.$/;
    const ENCRYPTED = /^TLSv1\.[23]$/;

    it('verify connects to the host that the certificate of the CA is for', async () => {
      expect(await version(at('localhost'), VERIFY)).toMatch(ENCRYPTED);
    });

    it.each<[string, string, Settings]>([
      ['of an unknown CA', 'localhost.crt', WITHOUT_CA],
      ['for another host', 'other.crt', VERIFY],
      ['that has expired', 'expired.crt', VERIFY],
    ])(
      'verify refuses a certificate %s, and says so',
      async (_, file, settings) => {
        await server.presentCertificate(fixture(file));
        await using wire = await Wire.to(address);
        const port = String(wire.proxy.port);
        const url = at('localhost', { port, ...strict });
        const message = await refusal(url, settings);
        expect(message).toMatch(
          /^DATABASE_TLS: the TLS certificate of \w+:\/\/localhost:\d+\/app was refused \([^:)]*certificate[^:)]*\), so nothing was sent\. .*DATABASE_TLS_CA_FILE/,
        );
        expect(message).not.toContain('user and password');
        expect(wire.text).not.toContain('strict');
      },
    );

    it('require takes any certificate', async () => {
      await server.presentCertificate(fixture('other.crt'));
      expect(await version(at('localhost'), REQUIRE)).toMatch(ENCRYPTED);
    });

    it('the address says it as well', async () => {
      const required = at('localhost', { search: '?sslmode=require' });
      expect(await version(required)).toMatch(ENCRYPTED);
      const verified = at('localhost', { search: '?ssl-mode=VERIFY_IDENTITY' });
      expect(await refusal(verified)).toContain('was refused');
    });

    it('off is plain, whatever the environment says to pg', async () => {
      vi.stubEnv('PGSSLMODE', 'no-verify');
      const found = await version(at(NOT_LOOPBACK), OFF);
      vi.unstubAllEnvs();
      expect(found).toBe('');
    });

    it('unset is plain to a loopback, else TLS with any certificate', async () => {
      await server.presentCertificate(fixture('other.crt'));
      expect(await version(at('localhost'))).toBe('');
      expect(await version(at(NOT_LOOPBACK))).toMatch(ENCRYPTED);
    });

    it('unset is plain where the server offers no TLS; nothing is sent with require and verify', async () => {
      await using wire = await Wire.to(address, withoutTls);
      const port = String(wire.proxy.port);
      for (const settings of [REQUIRE, VERIFY])
        expect(
          await refusal(at('localhost', { port, ...strict }), settings),
        ).toMatch(
          /^DATABASE_TLS: \w+:\/\/localhost:\d+\/app offers no TLS, so nothing was sent\. /,
        );
      expect(wire.text).not.toContain('strict');
      expect(await version(at(NOT_LOOPBACK, { port }))).toBe('');
    });

    it.each<[string, Settings]>([
      ['unset', {}],
      ['require', REQUIRE],
      ['verify', VERIFY],
    ])(
      'a handshake that fails is named as one, and nothing is sent: %s',
      async (_, settings) => {
        await using wire = await Wire.to(address, garbled);
        const port = String(wire.proxy.port);
        const url = at(settings === VERIFY ? 'localhost' : NOT_LOOPBACK, {
          port,
          ...strict,
        });
        expect(await refusal(url, settings)).toMatch(
          / The TLS handshake failed: the server must have TLS 1\.2 or later; /,
        );
        expect(wire.text).not.toContain('strict');
      },
    );

    it('an account that requires TLS is let in with it, and told without', async () => {
      expect(await version(at('localhost', strict), REQUIRE)).toMatch(
        ENCRYPTED,
      );
      expect(await version(at(NOT_LOOPBACK, strict))).toMatch(ENCRYPTED);
      expect(await refusal(at(NOT_LOOPBACK, strict), OFF)).toMatch(PLAIN);
    });

    if (kind !== 'postgres')
      it('a server that takes no plain connections is named as one', async () => {
        const dataSource = await open(at('localhost'), REQUIRE);
        await dataSource.query('SET GLOBAL require_secure_transport = ON');
        const message = await refusal(at('localhost'));
        await dataSource.query('SET GLOBAL require_secure_transport = OFF');
        await dataSource.destroy();
        expect(message).toMatch(
          kind === 'mysql'
            ? /\(ER_SECURE_TRANSPORT_REQUIRED\)\. The server takes no plain connections\./
            : /\(ER_ACCESS_DENIED_ERROR\)\. Correct user and password\./,
        );
        expect(message).toMatch(PLAIN);
      });

    it.each<[string, string, Settings]>([
      ['off', 'can be read', OFF],
      ['require', 'cannot be read', REQUIRE],
      ['verify', 'cannot be read', VERIFY],
    ])(
      'with %s, statements and tokens %s on the wire',
      async (_, outcome, settings) => {
        const readable = outcome === 'can be read';
        await using wire = await Wire.to(address);
        const url = at('localhost', { port: String(wire.proxy.port) });
        await using db = openStoreOn(await open(url, settings), url);
        const name = `access_token:${randomBytes(4).toString('hex')}`;
        await db.putToken(name, TOKEN);
        expect((await db.store.read(name))?.value).toBe(TOKEN);
        for (const part of ['SELECT', 'system_var', name, TOKEN])
          expect(wire.text.includes(part), part).toBe(readable);
      },
    );

    describe('in a larger app, by the `ssl` of its DataSource', () => {
      const plain = async () =>
        dataSourceOptions(
          await readDatabaseSettings({ DATABASE_URL: at('localhost') }),
        );

      it("the engine's own connections verify as the app's do", async () => {
        await (await open(at('localhost'))).destroy();
        await using wire = await Wire.to(address);
        const ca = readFileSync(fixture('ca.crt'), 'utf8');
        const dataSource = await new DataSource({
          ...(await plain()),
          port: wire.proxy.port,
          ssl: { ca, rejectUnauthorized: true, verifyIdentity: true },
        } as DataSourceOptions).initialize();
        await using db = openStoreOn(dataSource, address);
        const name = `access_token:${randomBytes(4).toString('hex')}`;
        await db.putToken(name, TOKEN);
        expect(await versionOf(dataSource)).toMatch(ENCRYPTED);
        expect(wire.text).not.toContain(TOKEN);
        expect(wire.text).not.toContain('system_var');

        // Whoever answers in the server's place from now on.
        await server.presentCertificate(fixture('other.crt'));
        const newcomer = db.with(dataSource);
        const error: unknown = await newcomer.store
          .read(name)
          .catch((thrown: unknown) => thrown);
        if (!isStoreError(error)) throw new Error('It was answered.');
        expect(error.driverCode).toMatch(
          /^(ERR_TLS_CERT_ALTNAME_INVALID|HANDSHAKE_SSL_ERROR)$/,
        );
      });
    });

    describe('the programs of the app', () => {
      it('the server warns once, by the name of the setting, unless it is set or nobody else is on the line', async () => {
        const wechat = await FakeWechat.start();
        const lines = async (url: string, settings: Settings = {}) => {
          await using app = await runApp({
            ...appEnv(wechat, url),
            ...settings,
          });
          await fetchToken(app.url);
          const text = app.logs() + app.stderr();
          return text.split('\n').filter((s) => s.includes('DATABASE_TLS'));
        };
        expect(await lines(at(NOT_LOOPBACK))).toEqual([
          expect.stringMatching(
            /"level":"warn".*DATABASE_TLS is not set: the connection to 0\.0\.0\.0 is encrypted, but its certificate is not checked, and /,
          ),
        ]);
        expect(await lines(at('localhost'), VERIFY)).toEqual([]);
        await wechat.stop();
      });

      it('what is warned of depends on the settings and on what was found', async () => {
        const warning = async (url: string, settings: Settings = {}) => {
          const database = await readDatabaseSettings({
            DATABASE_URL: url,
            ...settings,
          });
          const dataSource = await openDatabase(database, true);
          await dataSource.destroy();
          return tlsWarning(database, dataSource);
        };
        await using wire = await Wire.to(address, withoutTls);
        const port = String(wire.proxy.port);
        expect(await warning(at(NOT_LOOPBACK, { port }))).toMatch(
          /^DATABASE_TLS is not set: the connection to 0\.0\.0\.0 is not encrypted, and /,
        );
        expect(await warning(at('localhost'))).toBeUndefined();
        for (const settings of [OFF, REQUIRE])
          expect(await warning(at(NOT_LOOPBACK), settings)).toBeUndefined();
        const search = '?sslmode=prefer';
        expect(await warning(at('localhost', { search }))).toBeUndefined();
      });

      it('npm run reseal has the same settings', async () => {
        await (await open(at('localhost'))).destroy();
        const host = new CommandHost('dist/reseal.js');
        const env = {
          DATABASE_URL: at('localhost', strict),
          TOKEN_ENCRYPTION_KEYS: `a:${randomBytes(32).toString('base64')}`,
        };
        expect((await host.run({ ...env, ...OFF })).stderr).toContain(
          'DATABASE_TLS=verify',
        );
        expect((await host.run({ ...env, ...VERIFY })).stdout).toMatch(
          /^Re-encrypted with the key "a": /,
        );
        await host.end();
      });

      it("so has TypeORM's command line", async () => {
        vi.stubEnv('DATABASE_URL', at('localhost', strict));
        for (const [name, value] of Object.entries(VERIFY))
          vi.stubEnv(name, value);
        vi.resetModules();
        const ofCommands = await import('../../ormconfig.js');
        const dataSource = await ofCommands.dataSource;
        vi.unstubAllEnvs();
        await dataSource.initialize();
        expect(await versionOf(dataSource)).toMatch(ENCRYPTED);
        await dataSource.destroy();
      });
    });
  },
);

/** An account that is let in with TLS only. */
function strictAccount(kind: string): string[] {
  if (kind !== 'postgres')
    return [
      `CREATE USER 'strict'@'127.0.0.1' IDENTIFIED BY '${PASSWORD}' REQUIRE SSL`,
      "GRANT ALL ON app.* TO 'strict'@'127.0.0.1'",
    ];
  return [
    'CREATE USER strict SUPERUSER',
    `DO $$ BEGIN EXECUTE format('COPY (SELECT unnest(%L::text[])) TO %L',
       ARRAY['hostssl all strict all trust', 'hostnossl all strict all reject', 'host all all all trust'], current_setting('hba_file')); END $$`,
  ];
}
