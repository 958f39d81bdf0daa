import { ScheduleModule } from '@nestjs/schedule';
import { Test } from '@nestjs/testing';
import { DataSource } from 'typeorm';
import { dataSourceOptions, openDatabase } from '../../src/config/database.js';
import {
  isConfigurationError,
  migratedDataSource,
  WechatTokenModule,
} from '../../src/wechat-token/index.js';
import { SqlRunner } from '../../src/wechat-token/store/sql-runner.js';
import { TcpProxy } from '../chaos/support/tcp-proxy.js';
import {
  createDatabase,
  databaseServers,
  type FreshDatabase,
} from '../support/databases.js';
import { everyDatabase } from '../support/every-database.js';
import { parsed } from '../support/open-store.js';
import { schemaDrift } from '../support/schema-drift.js';
import { isSqlite } from '../support/sql.js';
import { typeOrm } from '../support/type-orm.js';

const FIRST = 'CreateWechatTokenTables1790000000000';
const SECOND = 'AddRenewalQueue1791000000000';
const THIRD = 'AddTokenHours1792000000000';

/** The app of a reader, which calls no platform, on this DataSource. */
async function startApp(dataSource: DataSource): Promise<void> {
  const module = await Test.createTestingModule({
    imports: [
      ScheduleModule.forRoot(),
      typeOrm(dataSource),
      WechatTokenModule.forRoot({
        accounts: [{ appId: 'wx' }],
        role: 'reader',
      }),
    ],
  })
    .setLogger({ log: () => 0, warn: () => 0, error: () => 0 })
    .compile();
  try {
    await module.init();
  } finally {
    await module.close();
  }
}

afterEach(() => vi.restoreAllMocks());

describe.each(everyDatabase())(
  'R12 the schema at the start, $title',
  (database) => {
    let fresh: FreshDatabase;
    beforeEach(async () => {
      fresh = await database.create();
    });
    afterEach(() => fresh.drop());

    const options = () => dataSourceOptions(parsed(fresh.url));
    async function withTables(work: (dataSource: DataSource) => Promise<void>) {
      const dataSource = await migratedDataSource(options());
      try {
        await work(dataSource);
      } finally {
        if (dataSource.isInitialized) await dataSource.destroy();
      }
    }

    const gaps = [
      {
        gap: 'the columns next_at, app_id of system_var',
        migrations: [SECOND, THIRD],
        lose: async (dataSource: DataSource) => {
          if (isSqlite(dataSource))
            await dataSource.query('DROP INDEX IDX_system_var_next_at');
          for (const column of ['next_at', 'app_id'])
            await dataSource.query(
              `ALTER TABLE system_var DROP COLUMN ${column}`,
            );
        },
      },
      {
        gap: 'the table token_hour',
        migrations: [THIRD],
        lose: async (dataSource: DataSource) => {
          await dataSource.query('DROP TABLE token_hour');
        },
      },
      {
        gap: 'the columns latency_sum of token_hour',
        migrations: [THIRD],
        lose: async (dataSource: DataSource) => {
          await dataSource.query(
            'ALTER TABLE token_hour DROP COLUMN latency_sum',
          );
        },
      },
      {
        gap: 'the columns credential_id of system_var and the table token_event',
        migrations: [FIRST, SECOND, THIRD],
        lose: async (dataSource: DataSource) => {
          await dataSource.query(
            'ALTER TABLE system_var DROP COLUMN credential_id',
          );
          await dataSource.query('DROP TABLE token_event');
        },
      },
      {
        gap: 'the table system_var and the table token_event',
        migrations: [FIRST, SECOND, THIRD],
        lose: async (dataSource: DataSource) => {
          await dataSource.query('DROP TABLE system_var');
          await dataSource.query('DROP TABLE token_event');
        },
      },
    ];

    it.each(gaps)(
      'without $gap is refused with a sentence that says so, and what to run',
      async ({ gap, migrations, lose }) => {
        await withTables(lose);
        const names = migrations.join(', ');

        for (const migrate of [true, false])
          await expect(
            openDatabase(parsed(fresh.url), migrate),
          ).rejects.toThrow(`lacks ${gap}. Run ${names} (`);
        const dataSource = await new DataSource(options()).initialize();
        const error: unknown = await startApp(dataSource).catch(
          (e: unknown) => e,
        );
        expect(isConfigurationError(error) && error.faults).toEqual([
          {
            field: 'dataSource',
            problem: expect.stringContaining(`lacks ${gap}; run ${names} (`),
          },
        ]);
      },
    );

    it.each(gaps)(
      'without $gap is whole again after what the sentence says',
      async ({ migrations, lose }) => {
        await withTables(async (dataSource) => {
          await lose(dataSource);
          for (const name of migrations)
            await dataSource.query(
              `DELETE FROM migrations WHERE name = '${name}'`,
            );
        });
        await withTables(async (dataSource) => {
          expect(await schemaDrift(dataSource)).toEqual([]);
          await startApp(dataSource);
        });
      },
    );

    it('is looked at in one statement', async () => {
      const tables = vi.spyOn(SqlRunner.prototype, 'tables');
      await withTables(startApp);
      expect(tables).toHaveBeenCalledTimes(1);
    });
  },
);

describe.each(databaseServers())(
  'R11 a $kind $version that is away at the start',
  (server) => {
    it('does not keep the app from starting', async () => {
      const fresh = await createDatabase(server);
      const line = await TcpProxy.start(fresh.url);
      try {
        const url = line.through(fresh.url);
        const dataSource = await migratedDataSource(
          dataSourceOptions(parsed(url)),
        );
        await line.refuse();
        await startApp(dataSource);
      } finally {
        await line[Symbol.asyncDispose]();
        await fresh.drop();
      }
    });
  },
);
