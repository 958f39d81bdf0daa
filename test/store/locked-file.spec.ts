import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { nameOf, renewedOf, shops, started } from '../support/many-accounts.js';
import { World } from '../support/world.js';

const HOLDER = `
  const Database = require('libsql');
  const database = new Database(process.argv[1]);
  process.stdin.once('data', () => {
    database.exec('BEGIN IMMEDIATE');
    process.stdout.write('locked');
  });
  process.stdin.on('end', () => database.exec('COMMIT'));
  process.stdout.write('ready');`;

/** Another process, which locks the file for writing when it is told to, and until it is told to end. */
async function holderOf(url: string) {
  const file = url.replace('sqlite:', '');
  const holder = spawn(process.execPath, ['-e', HOLDER, file]);
  const exit = once(holder, 'exit');
  await once(holder.stdout, 'data');
  return {
    lock: async () => {
      holder.stdin.write('lock');
      await once(holder.stdout, 'data');
    },
    end: async () => {
      holder.stdin.end();
      await exit;
    },
    [Symbol.asyncDispose]: async () => void holder.kill(),
  };
}

/** Counts the turns of the event loop, at most one in 5 ms. */
function countTurns() {
  let turns = 0;
  const timer = setInterval(() => turns++, 5);
  return {
    sofar: () => turns,
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

describe('another process that has locked the SQLite file for seconds', () => {
  it('blocks the event loop for a part of a second at a time only, and delays no reader', async () => {
    await using world = await World.create();
    const accounts = shops(30);
    const { store, tokens, variables, dataSource } = await started(
      world,
      accounts,
    );
    await using holder = await holderOf(world.databaseUrl);
    await holder.lock();
    using turns = countTurns();
    const startedAt = performance.now();

    const writes = await Promise.allSettled(
      accounts.map(({ name }) => variables.save(`greeting of ${name}`, 'v')),
    );
    const waited = performance.now() - startedAt;

    for (const write of writes)
      expect(write).toMatchObject({
        reason: { code: 'STORE', driverCode: 'SQLITE_BUSY' },
      });
    expect(waited).toBeGreaterThan(900);
    expect(waited).toBeLessThan(5000);
    // In 50 ms at a time for all of them together; the driver's own time-out would block it for 5 s.
    expect(turns.sofar()).toBeGreaterThanOrEqual(5);
    const [timeout] = await dataSource.query('PRAGMA busy_timeout');
    expect(timeout).toEqual({ timeout: 50 });
    expect(await store.readAll(accounts.map(nameOf))).toMatchObject({
      unreadable: [],
    });
    for (const { name } of accounts)
      expect(await tokens.getAccessToken(name)).toBe(
        `old of access_token:${name}`,
      );
    await holder.end();
    await variables.save('greeting', 'v');
    expect(await variables.get('greeting')).toBe('v');
  });

  it('R6: what was issued is served, and stored when the lock has ended', async () => {
    await using world = await World.create();
    const accounts = shops(5);
    const { rounds, tokens } = await started(world, accounts);
    await world.advance(7000);
    await using holder = await holderOf(world.databaseUrl);
    world.wechat.inject('stable', { delayMs: 2000 }, { times: 5 });
    const renewing = rounds.tick();
    await vi.waitFor(() => expect(world.wechat.calls.stable).toBe(5));
    await holder.lock();
    await renewing;

    await rounds.tick();
    await rounds.tick();
    for (const { name, appId } of accounts)
      expect(await tokens.getAccessToken(name)).toBe(
        world.wechat.currentToken(appId),
      );
    expect(await renewedOf(world, accounts)).toEqual([]);
    await holder.end();
    await rounds.tick();

    expect(await renewedOf(world, accounts)).toHaveLength(5);
    expect(world.wechat.calls.total).toBe(5);
  });
});
