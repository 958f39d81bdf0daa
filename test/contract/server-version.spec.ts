import { DataSource } from 'typeorm';
import { dataSourceOptions, openDatabase } from '../../src/config/database.js';
import {
  isConfigurationError,
  migratedDataSource,
} from '../../src/wechat-token/index.js';
import { TcpProxy } from '../chaos/support/tcp-proxy.js';
import { queryOnce } from '../support/connect.js';
import {
  createDatabase,
  databaseServers,
  type FreshDatabase,
} from '../support/databases.js';
import { parsed } from '../support/open-store.js';
import { World } from '../support/world.js';

const LOOK = /SELECT VERSION\(\) AS version LIMIT 1/g;

/** What the server calls itself, an older one in as many letters, and the sentence about that. */
const OLDER = {
  mysql: [/^\d/, '5', 'is MySQL 5.'],
  mariadb: [/^\d+\.\d+/, '10.05', 'is MariaDB 10.05.'],
  postgres: [/^\d+/, '13', 'is PostgreSQL 13.'],
} as const;

describe.each(databaseServers())('R12 a $kind $version', (server) => {
  const { kind, version } = server;
  const [number, older, sentence] = OLDER[kind];
  const what = kind === 'postgres' ? 'is too old' : 'lacks SKIP LOCKED';
  const says = (text: string) =>
    kind === 'postgres' ? `PostgreSQL ${text}` : text;
  let isOlder: boolean;
  let looks: number;
  let fresh: FreshDatabase;
  let line: TcpProxy;
  let url: string;
  beforeEach(async () => {
    isOlder = true;
    looks = 0;
    fresh = await createDatabase(server);
    line = await TcpProxy.start(fresh.url, {
      question: (bytes) => {
        looks += bytes.toString('latin1').match(LOOK)?.length ?? 0;
        return bytes;
      },
      answer: (bytes) => {
        const told = version.replace(number, older);
        const text = bytes.toString('latin1');
        return isOlder
          ? Buffer.from(text.replaceAll(says(version), says(told)), 'latin1')
          : bytes;
      },
    });
    url = line.through(fresh.url);
  });
  afterEach(async () => {
    await line[Symbol.asyncDispose]();
    await fresh.drop();
  });

  const tables = async () => {
    const rows = await queryOnce(
      fresh.url,
      `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = ${kind === 'postgres' ? "'public'" : 'DATABASE()'}`,
    );
    return rows.map(({ name }) => name);
  };
  /** As the app makes it, without the module. */
  const options = () => dataSourceOptions(parsed(url));
  const problemOf = async (work: Promise<unknown>) => {
    const error: unknown = await work.catch((e: unknown) => e);
    if (!isConfigurationError(error)) throw error;
    return error.faults;
  };
  const fault = {
    field: 'dataSource',
    problem: expect.stringMatching(new RegExp(`^${sentence}.*${what}.*; use `)),
  };

  it('that is older is refused by the app before anything is made', async () => {
    await expect(openDatabase(parsed(url), true)).rejects.toThrow(
      new RegExp(
        `^DATABASE_URL: \\S+ ${sentence}.*${what}.*; use .*SQLite\\.$`,
      ),
    );
    expect(await tables()).toEqual([]);
  });

  it('that is older is refused by the migrations, whoever runs them', async () => {
    expect(await problemOf(migratedDataSource(options()))).toEqual([fault]);
    expect(await tables()).toEqual([]);

    await using dataSource = Object.assign(new DataSource(options()), {
      [Symbol.asyncDispose]: () => dataSource.destroy(),
    });
    await dataSource.initialize();
    expect(await problemOf(dataSource.runMigrations())).toEqual([fault]);
    // TypeORM makes it first.
    expect(await tables()).toEqual(['migrations']);
  });

  it('that is older is refused at the start where the tables are there, before anything is written', async () => {
    await (await openDatabase(parsed(fresh.url), true)).destroy();
    await using world = await World.create({ databaseUrl: url });
    expect(await problemOf(world.replica())).toEqual([fault]);
    expect(world.wechat.calls.total).toBe(0);
    expect(await queryOnce(fresh.url, 'SELECT * FROM system_var')).toEqual([]);
  });

  it('that was away at the start, and is older, is refused at the first connection', async () => {
    await using world = await World.create({ databaseUrl: fresh.url });
    await (await world.open()).destroy();
    const dataSource = await new DataSource(options()).initialize();
    await line.refuse();
    const replica = await world.replica({
      opened: Promise.resolve(dataSource),
    });
    await line.passThrough();

    await expect(replica.variables.save('site', 'v')).rejects.toMatchObject({
      code: 'STORE',
      message: expect.stringMatching(
        new RegExp(`^The database ${sentence}.*${what}.*; use .*SQLite\\.$`),
      ),
    });
    await replica.rounds.tick();

    expect(await queryOnce(fresh.url, 'SELECT * FROM system_var')).toEqual([]);
    isOlder = false;
    await replica.variables.save('site', 'v');
    expect(await replica.variables.get('site')).toBe('v');
  });

  it('is looked at once', async () => {
    isOlder = false;
    await (await openDatabase(parsed(fresh.url), true)).destroy();
    await using world = await World.create({ databaseUrl: url });
    const { poller, rounds, tokens } = await world.replica();
    expect(looks).toBe(1);

    await tokens.getAccessToken();
    await rounds.tick();
    await Promise.all(Array.from({ length: 8 }, () => poller.poll()));

    expect(looks).toBe(1);
  });
});
