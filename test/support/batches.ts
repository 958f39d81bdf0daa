import { MonotonicClock } from '../../src/wechat-token/common/clock.js';
import { DatabaseClock } from '../../src/wechat-token/store/database-clock.js';
import { RowMapper } from '../../src/wechat-token/store/row-mapper.js';
import { Sealing } from '../../src/wechat-token/store/sealing.js';
import { QueueFront } from '../../src/wechat-token/store/queue-front.js';
import { RenewalQueue } from '../../src/wechat-token/store/renewal-queue.js';
import { TokenStore } from '../../src/wechat-token/store/token-store.js';
import { connect } from './connect.js';
import type { StoreUnderTest } from './open-store.js';

export const CONFIRM_MS = 300_000;
export const LEASE_MS = 30_000;

/** `access_token:0` and so on. */
export function named(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `access_token:${i}`);
}

/** New rows: due at once. */
export function makeRows(
  { store }: StoreUnderTest,
  names: readonly string[],
): Promise<void> {
  return store.insertMissing(names.map((name) => ({ name, remark: '' })));
}

export async function claim(
  queue: RenewalQueue,
  names: readonly string[],
  owner = 'me',
) {
  const { rows: claimed, unreadable } = await queue.claim(
    names,
    owner,
    LEASE_MS,
  );
  return { claimed, unreadable };
}

/** The store as another replica has it, with the runner whose statements a test counts. */
export function anotherStore(db: StoreUnderTest, dataSource = db.dataSource) {
  const clock = new MonotonicClock();
  const sql = db.runner(dataSource);
  const sealing = new Sealing([]);
  const mapper = new RowMapper(sealing, new DatabaseClock());
  return {
    sql,
    store: new TokenStore(sql, sealing, mapper, clock),
    queue: new RenewalQueue(sql, mapper, clock, new QueueFront(clock)),
  };
}

/** A connection of its own to a server, whose transaction has locked these rows until it ends. */
export async function lockRows(url: string, names: readonly string[]) {
  const connection = await connect(url);
  await connection.query('START TRANSACTION');
  const marks = names.map(() => '?').join(', ');
  await connection.query(
    `SELECT * FROM system_var WHERE name IN (${marks}) FOR UPDATE`,
    names,
  );
  return {
    end: async () => {
      await connection.query('ROLLBACK');
    },
    [Symbol.asyncDispose]: () => connection.end(),
  };
}
