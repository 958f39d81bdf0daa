import { setTimeout as sleep } from 'node:timers/promises';
import { Child, withChildren } from '../harness/child.js';
import type { BenchServer } from '../harness/database.js';
import { AccountsTable, type IssuedOnce } from './accounts-table.js';
import type { RefresherInput, Spent } from './refresher.child.js';
import type { WechatTally } from './wechat.child.js';

const REFRESHER = new URL('refresher.child.js', import.meta.url);
const FLOOR = new URL('floor.child.js', import.meta.url);
const WECHAT = new URL('wechat.child.js', import.meta.url);
const POLL_MS = 200;

export interface Load {
  /** The number of accounts, all due at once. */
  readonly count: number;
  readonly concurrency: number;
}

export interface Renewals {
  /** The time from the first call of WeChat to the last row. */
  readonly seconds: number;
  /** Tokens a second. */
  readonly rate: number;
  /** CPU time of one renewal. */
  readonly cpuMs: number;
}

export interface OurRenewals extends Renewals {
  /** The number of accounts whose calls, writes or events are not exactly those of one renewal. */
  readonly notOnce: number;
  /** The number of renewals by each refresher. */
  readonly shares: readonly number[];
  /** The resources used by the first refresher, at the end. */
  readonly spent: Spent;
}

export async function renewWithFloor(
  server: BenchServer,
  load: Load,
): Promise<Renewals> {
  await using scene = await openScene(server, load);
  await using child = Child.start(FLOOR);
  await scene.table.makeDue();
  const cpuMs = await child.ask<number>('renewAll', scene.input);
  const renewals = await outcome(scene, cpuMs);
  if ((await scene.table.renewed(await issuedOnce(scene))) < load.count)
    throw new Error('the floor has not renewed all of them');
  return renewals;
}

export async function renewWithOurs(
  server: BenchServer,
  load: Load,
  refreshers = 1,
): Promise<OurRenewals> {
  await using scene = await openScene(server, load);
  const { table, wechat, input } = scene;
  return await withChildren(refreshers, REFRESHER, async (children) => {
    await Promise.all(children.map((child) => child.ask('start', input)));
    if ((await wechat.ask<number>('calls')) > 0)
      throw new Error('a token was renewed before it was due');
    const before = await cpuMsOf(children);
    await table.makeDue();
    while ((await wechat.ask<number>('calls')) < load.count)
      await sleep(POLL_MS);
    await table.allStored();
    const cpuMs = (await cpuMsOf(children)) - before;
    const recorded = await table.recordedOnce(load.count);
    const issued = await issuedOnce(scene);
    const renewed = await table.renewed(issued);
    const { calls } = await wechat.ask<WechatTally>('tally');
    const shares = await table.shares();
    const spent = await children[0]?.ask<Spent>('spent');
    if (!spent) throw new Error('no refresher');
    return {
      ...(await outcome(scene, cpuMs)),
      notOnce: Math.max(
        load.count - Math.min(recorded, renewed, issued.size),
        calls - load.count,
      ),
      // A refresher without renewals has no events.
      shares: children.map((_, index) => shares[index] ?? 0),
      spent,
    };
  });
}

interface Scene extends AsyncDisposable {
  readonly table: AccountsTable;
  readonly wechat: Child;
  readonly input: RefresherInput;
}

/** A new database and a new platform. */
async function openScene(server: BenchServer, load: Load): Promise<Scene> {
  const wechat = Child.start(WECHAT);
  const [table, wechatUrl] = await Promise.all([
    AccountsTable.create(server, load.count),
    wechat.ask<string>('start', load.count),
  ]);
  return {
    table,
    wechat,
    input: { ...load, databaseUrl: table.url, wechatUrl },
    [Symbol.asyncDispose]: async () => {
      await wechat[Symbol.asyncDispose]();
      await table[Symbol.asyncDispose]();
    },
  };
}

async function outcome(
  { table, wechat, input: { count } }: Scene,
  cpuMs: number,
): Promise<Renewals> {
  const storedAt = await table.allStored();
  const { firstAt } = await wechat.ask<WechatTally>('tally');
  const seconds = (storedAt - firstAt) / 1000;
  return { seconds, rate: count / seconds, cpuMs: cpuMs / count };
}

async function issuedOnce({ wechat }: Scene): Promise<IssuedOnce> {
  return new Map(await wechat.ask<[string, string][]>('issuedOnce'));
}

async function cpuMsOf(children: readonly Child[]): Promise<number> {
  const all = await Promise.all(
    children.map((child) => child.ask<Spent>('spent')),
  );
  return all.reduce((sum, { cpuMs }) => sum + cpuMs, 0);
}
