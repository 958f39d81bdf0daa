import type { FreshDatabase } from '../support/databases.js';
import { databasesOf01 } from '../support/every-database.js';
import {
  type AccountNamed,
  nameOf,
  open,
  shops,
} from '../support/many-accounts.js';
import { type OldReplica, Version01 } from '../support/version-0-1.js';
import { type TestReplica, World } from '../support/world.js';

const LIFE_SECONDS = 1800;
const LIVES = 3;
/** Between two ticks of a cron, two polls and two requests of every caller. */
const STEP_SECONDS = 20;
/** By default stable tokens are confirmed so often. */
const CONFIRM_SECONDS = 300;
/** At least, before the end of a life: of a stable token, whose next one the platform gives only then, and of a classic one. */
const MARGIN_SECONDS = { stable: 0.9 * 300, classic: 0.9 * 600 };

const accounts = [
  ...shops(2, 'stable').map((each) => ({ ...each, mode: 'stable' as const })),
  ...shops(2, 'classic').map((each) => ({ ...each, mode: 'classic' as const })),
];
type Shop = (typeof accounts)[number];

let version01: Version01;
beforeAll(async () => {
  version01 = await Version01.install();
});
afterAll(() => version01[Symbol.dispose]());

describe.each(databasesOf01())(
  'a rolling update from version 0.1, on $title',
  (database) => {
    let fresh: FreshDatabase;
    let world: World;
    let old: OldReplica[];
    beforeEach(async () => {
      fresh = await database.create();
      world = await World.create({
        databaseUrl: fresh.url,
        wechat: { lifeSeconds: LIFE_SECONDS },
      });
      open(world, accounts);
      old = [];
    });
    afterEach(async () => {
      await Promise.all(old.map((replica) => replica.close()));
      await world[Symbol.asyncDispose]();
      await fresh.drop();
    });

    const startOld = async (served: readonly AccountNamed[] = accounts) => {
      const replica = await version01.replica(world, { accounts: [...served] });
      old.push(replica);
      return replica;
    };
    const startNew = async () => {
      const replica = await world.replica({ accounts: [...accounts] });
      await replica.accountCheck.check();
      return replica;
    };
    const stopOld = async () => {
      await Promise.all(old.map((replica) => replica.close()));
      old = [];
    };

    it('keeps every token valid for three lifetimes side by side, and for three without version 0.1', async () => {
      old = [await startOld(), await startOld()];
      await callers(world, old, []);
      expect(world.wechat.calls.total).toBe(accounts.length);

      const replica = await startNew();
      expect(world.wechat.calls.total).toBe(accounts.length);

      const together = await live(world, LIVES, old, [replica]);
      expectNoStorm(world, together);
      expect(old.flatMap(({ complaints }) => complaints)).toEqual([]);

      await stopOld();
      const alone = await live(world, LIVES, [], [replica]);
      expectNoStorm(world, alone);
    });

    it('loses no row that version 0.1 inserts meanwhile: nobody asks for its token, and it stays valid', async () => {
      const replica = await startNew();
      await world.sql('DELETE FROM system_var');
      const late = await startOld();
      await callers(world, [late], []);
      expect(await placed(world)).toBe(0);
      // The version of the row is known before the poll finds it.
      for (const account of accounts.slice(1))
        await replica.renewer.renew(nameOf(account), { kind: 'due' });

      await step(world, [], [replica]);

      expect(await placed(world)).toBe(accounts.length);
      await stopOld();
      await liveUnasked(world, LIVES, replica);
    });

    it('loses no row that it had stopped, and version 0.1 has renewed: nobody asks for its token, and it stays valid', async () => {
      const stopping = await startNew();
      const replica = await startNew();
      const [{ appId, ...stopped }] = accounts as [Shop];
      const name = nameOf({ appId, ...stopped });
      world.wechat.inject('stable', { errcode: 40125 }, { appId, times: 1 });
      await world.advance(LIFE_SECONDS + 1);
      await stopping.rounds.tick();
      await stopping.close();
      expect((await world.row(name)).nextInMs / 1000).toBeGreaterThan(30);
      const operated = await startOld();
      await operated.refresh(name);

      await step(world, [], [replica]);

      await stopOld();
      await liveUnasked(world, LIVES, replica);
    });

    it('loses no row that version 0.1 has inserted and leased, and could not renew before its end', async () => {
      const replica = await startNew();
      await world.advance(LIFE_SECONDS + 1);
      await world.sql('DELETE FROM system_var');
      const faults = (['stable', 'classic'] as const).map((endpoint) =>
        world.wechat.inject(endpoint, { hang: true }, { times: Infinity }),
      );
      const late = await startOld();
      await vi.waitFor(async () => expect(await leased(world)).toBe(4));
      // Until the polls do not look back to its insertion any more, and the lease still lasts.
      for (let second = 0; second < 24; second += 2) {
        await replica.poller.poll();
        await world.advance(2);
      }
      await world.wechat.goDown();
      await vi.waitFor(async () => expect(await leased(world)).toBe(0));
      expect(await placed(world)).toBe(0);
      await late.close();
      old = [];
      for (const fault of faults) fault.remove();
      await world.wechat.comeBack();

      await step(world, [], [replica]);

      await liveUnasked(world, 1, replica);
    });
  },
);

/** How long the world has run, and what was counted before. */
interface Lived {
  readonly seconds: number;
  readonly callsBefore: ReadonlyMap<string, number>;
  readonly issuedBefore: ReadonlyMap<string, number>;
}

const countsOf = (count: (appId: string) => number) =>
  new Map(accounts.map(({ appId }) => [appId, count(appId)]));

/** So many lifetimes, in which every replica serves a caller of each account all the time. */
async function live(
  world: World,
  lives: number,
  old: readonly OldReplica[],
  replicas: readonly TestReplica[],
): Promise<Lived> {
  const callsBefore = countsOf((appId) => world.wechat.callsFor(appId).total);
  const issuedBefore = countsOf((appId) => world.wechat.issued(appId));
  const seconds = lives * LIFE_SECONDS;
  for (let second = 0; second < seconds; second += STEP_SECONDS) {
    await step(world, old, replicas, () => callers(world, old, replicas));
    await callers(world, old, replicas);
  }
  return { seconds, callsBefore, issuedBefore };
}

/** As {@link live}, without callers: what is stored is valid all the time. */
async function liveUnasked(
  world: World,
  lives: number,
  replica: TestReplica,
): Promise<void> {
  for (let second = 0; second < lives * LIFE_SECONDS; second += STEP_SECONDS) {
    await step(world, [], [replica]);
    for (const account of accounts) {
      const { value } = await world.row(nameOf(account));
      expect(value && world.wechat.accepts(value), nameOf(account)).toBe(true);
    }
  }
}

/** Time passes, all replicas poll, and then tick at once. */
async function step(
  world: World,
  old: readonly OldReplica[],
  replicas: readonly TestReplica[],
  meanwhile: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  // A call in flight lasts no longer than it does: the jump would end its lease.
  await vi.waitFor(async () => expect(await leased(world)).toBe(0), 20_000);
  await world.skip(STEP_SECONDS);
  await Promise.all([
    ...old.map(({ poll }) => poll()),
    ...replicas.map(({ poller }) => poller.poll()),
  ]);
  await Promise.all([
    ...old.map(({ tick }) => tick()),
    ...replicas.map(({ rounds }) => rounds.tick()),
    meanwhile(),
  ]);
}

/** Each replica is asked for each token, and what it answers is valid at that moment. */
async function callers(
  world: World,
  old: readonly OldReplica[],
  replicas: readonly TestReplica[],
): Promise<void> {
  const ask = async (label: string, token: Promise<string>) =>
    expect(world.wechat.accepts(await token), label).toBe(true);
  await Promise.all(
    accounts.flatMap(({ name }) => [
      ...old.map(({ token }) => ask(`${name} of 0.1`, token(name))),
      ...replicas.map(({ tokens }) => ask(name, tokens.getAccessToken(name))),
    ]),
  );
}

/** The rows that have a place in the queue. */
async function placed(world: World): Promise<number> {
  const [row] = await world.sql<{ n: unknown }>(
    'SELECT COUNT(next_at) AS n FROM system_var',
  );
  return Number(row?.n);
}

async function leased(world: World): Promise<number> {
  const [row] = await world.sql<{ n: unknown }>(
    'SELECT COUNT(lease_owner) AS n FROM system_var',
  );
  return Number(row?.n);
}

/** R4, R7: a token is issued once a life; besides that a stable one is confirmed, by each version as it sees it. */
function expectNoStorm(
  world: World,
  { seconds, callsBefore, issuedBefore }: Lived,
): void {
  for (const { appId, name, mode } of accounts) {
    const issued = world.wechat.issued(appId) - (issuedBefore.get(appId) ?? 0);
    const calls =
      world.wechat.callsFor(appId).total - (callsBefore.get(appId) ?? 0);
    const lives = seconds / (LIFE_SECONDS - MARGIN_SECONDS[mode]);
    expect(issued, name).toBeGreaterThanOrEqual(LIVES);
    expect(issued, name).toBeLessThanOrEqual(Math.ceil(lives) + 1);
    const confirmations =
      mode === 'stable' ? (2 * seconds) / CONFIRM_SECONDS : 0;
    expect(calls, name).toBeLessThanOrEqual(issued + confirmations);
  }
}
