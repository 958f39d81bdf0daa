import { SchedulerRegistry } from '@nestjs/schedule';
import type { WechatAccount } from '../../src/wechat-token/index.js';
import { toAccount } from '../../src/wechat-token/accounts/account.js';
import { SqlRunner } from '../../src/wechat-token/store/sql-runner.js';
import { parseTokenName } from '../../src/wechat-token/common/token-name.js';
import { LEASE_MS } from './batches.js';
import { renewed } from './open-store.js';
import { type StatementName, statementNames } from './statement-names.js';
import type { ReplicaOptions, TestReplica, World } from './world.js';

/** What a round takes at a time, by default. */
const BATCH = 100;

/** Accounts `shop-000`, `shop-001` and so on. */
export function shops(count: number, prefix = 'shop'): AccountNamed[] {
  return Array.from({ length: count }, (_, i) => {
    const name = `${prefix}-${String(i).padStart(3, '0')}`;
    return { name, appId: `wx_${name}`, appSecret: `secret-of-${name}` };
  });
}

export type AccountNamed = WechatAccount & {
  readonly name: string;
  readonly appSecret: string;
};

export const nameOf = ({ name }: AccountNamed) => `access_token:${name}`;

/** Registers the accounts with the platform. */
export function open(world: World, accounts: readonly AccountNamed[]): void {
  for (const account of accounts) world.wechat.addAccount(account);
}

/** Stores valid two-hour tokens of these accounts, as another program would: no call is made. */
export async function storeTokens(
  world: World,
  accounts: readonly AccountNamed[],
): Promise<void> {
  const store = await world.store();
  const queue = await world.queue();
  const byName = new Map(accounts.map((each) => [nameOf(each), each]));
  const names = [...byName.keys()];
  await store.insertMissing(names.map((name) => ({ name, remark: '' })));
  for (let at = 0; at < names.length; at += BATCH) {
    const some = names.slice(at, at + BATCH);
    const { rows: claimed } = await queue.claim(some, 'before', LEASE_MS);
    await Promise.all(
      claimed.map(({ row, lease }) => {
        const account = byName.get(row.name);
        if (!account) throw new Error(`no account of ${row.name}`);
        const { appId, credentialId, mode } = toAccount(account);
        const issued = renewed(`old of ${row.name}`);
        const token = { ...issued, appId, credentialId };
        const nextAfterMs =
          mode === 'stable' ? token.nextAfterMs : token.refreshAfterMs;
        const update = { ...token, source: mode, nextAfterMs };
        return store.storeRenewed(lease, update);
      }),
    );
  }
}

/** The accounts whose token was renewed since {@link storeTokens} and is not leased, by name. */
export async function renewedOf(
  world: World,
  accounts: readonly AccountNamed[],
): Promise<string[]> {
  const { rows } = await (await world.store()).readAll(accounts.map(nameOf));
  const good = rows.filter(
    ({ value, leaseOwner, expiresInMs }) =>
      leaseOwner === null &&
      expiresInMs > 6_000_000 &&
      value !== null &&
      world.wechat.issuedTokens.includes(value),
  );
  const names = new Set(good.map(({ name }) => parseTokenName(name).account));
  return accounts.map((each) => each.name).filter((name) => names.has(name));
}

/** The statements that a replica runs from now on. */
export function watchStatements({ module }: TestReplica) {
  const runner = module.get(SqlRunner);
  const names = statementNames(runner.statements);
  const rows = vi.spyOn(runner, 'rows');
  const change = vi.spyOn(runner, 'change');
  const changeLocked = vi.spyOn(runner, 'changeLocked');
  return {
    count: (name: Exclude<StatementName, 'lock' | 'lockDue'>) =>
      [...rows.mock.calls, ...change.mock.calls].filter(
        ([{ sql }]) => names.get(sql) === name,
      ).length,
    claims: () =>
      changeLocked.mock.calls.filter(([{ sql, values }]) => {
        const names = values.map(String);
        return sql === runner.statements.lockDue({ names }).sql;
      }).length,
    total: () =>
      rows.mock.calls.length +
      change.mock.calls.length +
      changeLocked.mock.calls.length,
  };
}

/** Rows without a token, due at once. */
export async function makeRowsOf(
  world: World,
  accounts: readonly AccountNamed[],
): Promise<void> {
  const rows = accounts.map((each) => ({ name: nameOf(each), remark: '' }));
  await (await world.store()).insertMissing(rows);
}

export function namesOf(accounts: readonly AccountNamed[]): string[] {
  return accounts.map(({ name }) => name);
}

/** A started replica of these accounts, whose tokens are stored and valid; it has made no call. */
export async function started(
  world: World,
  accounts: readonly AccountNamed[],
  options: ReplicaOptions = {},
): Promise<TestReplica> {
  open(world, accounts);
  await storeTokens(world, accounts);
  const replica = await world.replica({ accounts: [...accounts], ...options });
  await replica.accountCheck.check();
  expect(world.wechat.calls.total).toBe(0);
  return replica;
}

/** Runs the cron job now; closing the replica waits for its end. */
export async function fireCron({ module }: TestReplica): Promise<void> {
  const scheduler = module.get(SchedulerRegistry, { strict: false });
  for (const job of scheduler.getCronJobs().values()) await job.fireOnTick();
}
