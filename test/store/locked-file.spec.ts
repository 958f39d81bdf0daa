import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { nameOf, renewedOf, shops, started } from '../support/many-accounts.js';
import { World } from '../support/world.js';

const HOLDER = `
  const database = require('better-sqlite3')(process.argv[1]);
  database.exec('BEGIN IMMEDIATE');
  process.stdout.write('locked');
  process.stdin.on('end', () => database.exec('COMMIT')).resume();`;

/** Another process that holds the file's write lock until it is told to end. */
async function lockFile(url: string) {
  const file = url.replace('sqlite:', '');
  const holder = spawn(process.execPath, ['-e', HOLDER, file]);
  const exit = once(holder, 'exit');
  await once(holder.stdout, 'data');
  return {
    end: async () => {
      holder.stdin.end();
      await exit;
    },
    [Symbol.asyncDispose]: async () => void holder.kill(),
  };
}

/** The longest that the event loop did nothing else, until the result is called. */
function watchEventLoop(): () => number {
  let last = performance.now();
  let longest = 0;
  const look = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  };
  const timer = setInterval(look, 5);
  return () => {
    look();
    clearInterval(timer);
    return longest;
  };
}

describe('another process that has locked the SQLite file for seconds', () => {
  it('blocks the event loop for a tenth of a second at most, and delays no reader', async () => {
    await using world = await World.create();
    const accounts = shops(30);
    const { store, tokens, variables } = await started(world, accounts);
    await using lock = await lockFile(world.databaseUrl);
    const longest = watchEventLoop();
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
    expect(waited).toBeLessThan(3000);
    // In 50 ms at a time, and room for a machine that is busy.
    expect(longest()).toBeLessThan(250);
    expect(await store.readAll(accounts.map(nameOf))).toMatchObject({
      unreadable: [],
    });
    for (const { name } of accounts)
      expect(await tokens.getAccessToken(name)).toBe(
        `old of access_token:${name}`,
      );
    await lock.end();
    await variables.save('greeting', 'v');
    expect(await variables.get('greeting')).toBe('v');
  });

  it('R6: what was issued is served, and stored when the lock has ended', async () => {
    await using world = await World.create();
    const accounts = shops(5);
    const { rounds, tokens } = await started(world, accounts);
    await world.advance(7000);
    world.wechat.inject('stable', { delayMs: 500 }, { times: 5 });
    const renewing = rounds.tick();
    await vi.waitFor(() => expect(world.wechat.calls.stable).toBe(5));
    await using lock = await lockFile(world.databaseUrl);
    await renewing;

    for (let second = 0; second < 2; second++) {
      await rounds.tick();
      await sleep(200);
    }
    for (const { name, appId } of accounts)
      expect(await tokens.getAccessToken(name)).toBe(
        world.wechat.currentToken(appId),
      );
    expect(await renewedOf(world, accounts)).toEqual([]);
    await lock.end();
    await rounds.tick();

    expect(await renewedOf(world, accounts)).toHaveLength(5);
    expect(world.wechat.calls.total).toBe(5);
  });
});
