import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { openDatabase } from '../../src/config/database.js';
import { parseDatabaseUrl } from '../../src/config/database-url.js';
import { query, type Words, words } from '../../test/support/sql.js';
import type { BenchServer } from '../harness/database.js';

const POLL_MS = 50;
const TIMEOUT_MS = 180_000;

type Values = readonly (string | number)[];

/** A database with the module's tables, and the statements of a benchmark on it. */
export class ScratchDatabase implements AsyncDisposable {
  private constructor(
    readonly url: string,
    private readonly dataSource: DataSource,
  ) {}

  static async create(server: BenchServer): Promise<ScratchDatabase> {
    const url = await server.createDatabase();
    const database = parseDatabaseUrl(url);
    if (!database) throw new Error(`bad URL ${url}`);
    return new ScratchDatabase(url, await openDatabase(database, true));
  }

  /** For the SQL of a benchmark. */
  get words(): Words {
    return words(this.dataSource);
  }

  query<Row>(sql: string, values: Values = []): Promise<Row[]> {
    return query(this.dataSource, sql, values);
  }

  /** The number that a statement names `result`. */
  async number(sql: string, values: Values = []): Promise<number> {
    const [row] = await this.query<{ result: string | number }>(sql, values);
    return Number(row?.result);
  }

  /** Waits until the `result` is not 0. */
  async until(sql: string, values: Values = []): Promise<void> {
    const deadline = performance.now() + TIMEOUT_MS;
    while (!(await this.number(sql, values))) {
      if (performance.now() > deadline) throw new Error(`never true: ${sql}`);
      await sleep(POLL_MS);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dataSource.destroy();
  }
}
