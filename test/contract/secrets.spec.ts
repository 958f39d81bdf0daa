import { inspect } from 'node:util';
import { DataSource, type Logger } from 'typeorm';
import { dataSourceOptions } from '../../src/config/database.js';
import type { Fault } from '../../src/testing/index.js';
import { isStoreError } from '../../src/wechat-token/index.js';
import { everyDatabase } from '../support/every-database.js';
import { LogLines } from '../support/http.js';
import { KINDS_OF_TOKEN, PLATFORM } from '../support/kinds-of-token.js';
import {
  openStore,
  parsed,
  renewed,
  StoreUnderTest,
} from '../support/open-store.js';
import { World } from '../support/world.js';

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

/** Part of a gateway's answer that repeats what was sent. */
const echoOf = (...secrets: readonly (string | null)[]): Fault => ({
  errcode: 40013,
  errmsg: `bad request ${secrets.join(' ')}`,
});

describe.each(
  everyDatabase().flatMap((database) =>
    KINDS_OF_TOKEN.map((kind) => ({ ...kind, database })),
  ),
)(
  'R15 the secrets of $title on $database.title',
  ({ database, accounts, name, call }) => {
    it('are in no log, event, error or column but the value, whatever the platform repeats', async () => {
      await using world = await World.on(database, { wechat: PLATFORM });
      const logger = new LogLines();
      const { waiter, refresher, journal } = await world.replica({
        accounts,
        logger,
      });
      const { value } = await waiter.obtain(name);
      const input = (await world.row()).value;
      const secrets = accounts.map((account) =>
        'corpId' in account ? account.secret : account.appSecret,
      );
      const shown: unknown[] = [];

      for (const fault of [
        echoOf(value, input, ...secrets.map(String)),
        { errcode: 40014, errmsg: `invalid token ${input}` },
        { body: JSON.stringify({ ticket: [value], expires_in: 7200 }) },
      ] satisfies Fault[]) {
        await world.advance(20);
        const lasting = world.wechat.inject(call, fault, { times: Infinity });
        await refresher.refresh(name).catch((error: unknown) => {
          shown.push(everything(error));
        });
        lasting.remove();
      }
      await waiter.answerReport(name, value, 'somebody').catch(() => undefined);
      await journal.settled();

      expect(shown).toHaveLength(3);
      const columns = await world.sql(
        'SELECT name, remark, source, lease_owner, last_error, credential_id, app_id FROM system_var',
      );
      const events = await world.sql('SELECT * FROM token_event');
      const seen = [logger.text, JSON.stringify([columns, events]), ...shown];
      expect(seen.join('\n')).toContain(name);
      for (const secret of [
        ...secrets.map(String),
        ...world.wechat.issuedTokens,
        ...world.wechat.issuedTickets,
      ])
        expect(seen.join('\n')).not.toContain(secret);
    });
  },
);
