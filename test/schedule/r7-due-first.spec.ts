import {
  nameOf,
  open,
  shops,
  started,
  storeTokens,
} from '../support/many-accounts.js';
import { LogLine } from '../../src/wechat-token/index.js';
import { World } from '../support/world.js';

const CONFIRM_SECONDS = 300;
/** Of the tokens that `storeTokens` stores. */
const DUE_SECONDS = 6900;
const CALL_MS = 50;

/** A replica whose 400 tokens all wait for a confirmation, and one token that is fresh; two calls at a time, each of 50 ms. */
async function behind(
  log: (...line: unknown[]) => void,
  seconds = CONFIRM_SECONDS,
) {
  const world = await World.create();
  const accounts = shops(400);
  const [late] = shops(1, 'late');
  if (!late) throw new Error('no account');
  const nothing = () => undefined;
  open(world, [late]);
  await storeTokens(world, [late]);
  const replica = await started(world, accounts, {
    accounts: [...accounts, late],
    refresh: { concurrency: 2 },
    logger: { log, error: nothing, warn: nothing },
  });
  await world.advance(seconds);
  await storeTokens(world, [late]);
  world.wechat.inject('stable', { delayMs: CALL_MS }, { times: Infinity });
  return { world, accounts, late, replica };
}

/** Waits for so many calls. @returns How many there are by then. */
async function callsOf({ wechat }: World, count: number): Promise<number> {
  await vi.waitFor(
    () => expect(wechat.calls.total).toBeGreaterThanOrEqual(count),
    { timeout: 10_000, interval: 5 },
  );
  return wechat.calls.total;
}

describe('R7 confirmations', () => {
  it('are made between renewals: a token that becomes due meanwhile comes before those that wait', async () => {
    const { world, late, replica } = await behind(() => undefined);
    await using _ = world;

    const tick = replica.rounds.tick();
    const before = await callsOf(world, 20);
    const past = "'2020-01-01 00:00:00.000'";
    await world.sql(
      `UPDATE system_var SET refresh_at = ${past}, next_at = updated_at WHERE name = ?`,
      [nameOf(late)],
    );

    await vi.waitFor(
      () => expect(world.wechat.callsFor(late.appId).total).toBe(1),
      { timeout: 10_000, interval: 5 },
    );
    // Two at a time, 50 ms each: not many more than fit into the second after which due tokens are looked for again.
    expect(world.wechat.calls.total).toBeLessThan(before + 80);
    await world.skip(21);
    await tick;
  });

  it('are left out by a replica that is behind: a round ends, and each waiting token has another turn', async () => {
    const told: unknown[] = [];
    const { world, accounts, replica } = await behind((line) => {
      if (!(line instanceof LogLine)) return;
      const { msg, ...fields } = line;
      if (msg === 'confirmations left out') told.push(fields);
    });
    await using _ = world;

    const tick = replica.rounds.tick();
    const before = await callsOf(world, 20);
    await world.advance(21);
    await tick;

    const confirmed = world.wechat.calls.total;
    expect(confirmed).toBeLessThan(before + 20);
    const leftOut = accounts.length - confirmed;
    expect(told).toEqual([{ count: leftOut }]);
    const { rows } = await replica.store.readAll(accounts.map(nameOf));
    for (const { nextInMs } of rows) {
      expect(nextInMs / 1000).toBeGreaterThan(CONFIRM_SECONDS / 2 - 30);
      expect(nextInMs / 1000).toBeLessThanOrEqual(CONFIRM_SECONDS);
    }
    // Nothing waits any more.
    await replica.rounds.tick();
    expect(world.wechat.calls.total).toBe(confirmed);
  });

  it('that were left out never put off a renewal', async () => {
    // Due in 100 s: before a confirmation that is left out has its next turn.
    const seconds = DUE_SECONDS - 100;
    const { world, accounts, replica } = await behind(() => undefined, seconds);
    await using _ = world;

    const tick = replica.rounds.tick();
    await callsOf(world, 4);
    await world.advance(21);
    await tick;

    const { rows } = await replica.store.readAll(accounts.map(nameOf));
    const leftOut = rows.filter(({ value }) => value?.startsWith('old'));
    expect(leftOut.length).toBeGreaterThan(300);
    for (const { nextInMs, refreshInMs } of leftOut) {
      expect(refreshInMs).toBeGreaterThan(0);
      expect(nextInMs).toBeLessThanOrEqual(refreshInMs + 1000);
    }
  });
});
