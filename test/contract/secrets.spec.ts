import { inspect } from 'node:util';
import { DataSource, type Logger } from 'typeorm';
import { dataSourceOptions } from '../../src/config/database.js';
import { isStoreError } from '../../src/wechat-token/index.js';
import { everyDatabase } from '../support/every-database.js';
import {
  openStore,
  parsed,
  renewed,
  StoreUnderTest,
} from '../support/open-store.js';

const TOKEN = '92_a-token-that-nobody-must-see';
const NAME = 'access_token';

/** All of it that a program could print. */
function everything(error: unknown): string {
  const shown = inspect(error, { depth: 10, showHidden: true });
  const stack = error instanceof Error ? `${error.message}${error.stack}` : '';
  return `${shown}${stack}${JSON.stringify(error)}`;
}

describe.each(everyDatabase())('R15 secrets on $title', (database) => {
  let db: StoreUnderTest;
  beforeEach(async () => {
    db = await openStore(database);
    await db.newRow(NAME);
  });
  afterEach(() => db[Symbol.asyncDispose]());

  const failure = async (work: Promise<unknown>) => {
    const error: unknown = await work.catch((thrown: unknown) => thrown);
    if (!isStoreError(error)) throw new Error('not a StoreError');
    return error;
  };

  it('a token whose statement fails is not in the error, nor is the statement', async () => {
    const lease = await db.lease(NAME);
    await db.sql('ALTER TABLE system_var RENAME TO moved');
    for (const work of [
      () => db.store.storeRenewed(lease, renewed(TOKEN)),
      () => db.variables.save('site_name', TOKEN),
      () => db.variables.get(TOKEN),
    ]) {
      const error = await failure(work());
      expect(error.driverCode).toMatch(
        /^(?:ER_NO_SUCH_TABLE|SQLITE_ERROR|42P01)$/,
      );
      expect(everything(error)).not.toContain(TOKEN);
      expect(everything(error)).not.toMatch(/UPDATE|SELECT|INSERT/);
      expect(error.cause).toBeUndefined();
    }
    await db.sql('ALTER TABLE moved RENAME TO system_var');
  });

  it('a token that the column refuses is not in the error', async () => {
    const lease = await db.lease(NAME);
    if (database.kind === 'sqlite')
      await db.sql(
        `CREATE TRIGGER refuse BEFORE UPDATE ON system_var
          BEGIN SELECT RAISE(ABORT, 'no'); END`,
      );
    else
      await db.sql(
        database.kind === 'postgres'
          ? 'ALTER TABLE system_var ALTER value TYPE varchar(8)'
          : 'ALTER TABLE system_var MODIFY value varchar(8) CHARACTER SET utf8mb4',
      );
    const error = await failure(db.store.storeRenewed(lease, renewed(TOKEN)));
    expect(error.driverCode).toMatch(
      /^(?:ER_DATA_TOO_LONG|SQLITE_CONSTRAINT|22001)/,
    );
    expect(everything(error)).not.toContain(TOKEN);
    expect((await db.row(NAME)).value).toBeNull();
  });

  it('TypeORM’s query log, switched on by the app, shows nothing of what the store does', async () => {
    const logged: string[] = [];
    const log = (...line: unknown[]) => void logged.push(inspect(line));
    const logger: Logger = {
      logQuery: log,
      logQueryError: log,
      logQuerySlow: log,
      logSchemaBuild: log,
      logMigration: log,
      log,
    };
    const talkative = new DataSource({
      ...dataSourceOptions(parsed(db.url)),
      logging: true,
      maxQueryExecutionTime: 1,
      logger,
    });
    await talkative.initialize();
    await using other = new StoreUnderTest(
      talkative,
      db.url,
      () => talkative.destroy(),
      [],
    );
    await other.putToken(NAME, TOKEN);
    await other.variables.save('site_name', TOKEN);
    expect((await other.row(NAME)).value).toBe(TOKEN);
    expect(logged.join('\n')).not.toContain(TOKEN);

    // It does log, and would have shown it.
    await other.sql('SELECT LOWER(?)', [TOKEN]);
    expect(logged.join('\n')).toContain(TOKEN);
  });
});
