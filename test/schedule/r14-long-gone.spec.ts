import {
  makeRowsOf,
  namesOf,
  open,
  renewedOf,
  shops,
  started,
  watchStatements,
} from '../support/many-accounts.js';
import { World } from '../support/world.js';

const DAY_SECONDS = 24 * 3600;

describe('R14 tokens of accounts that are long gone', () => {
  it('are looked at ever more rarely, at last once a day', async () => {
    await using world = await World.create();
    await makeRowsOf(world, shops(250, 'gone'));
    const { rounds, module, ...replica } = await started(world, shops(3));
    await world.advance(DAY_SECONDS + 1);
    await rounds.tick();
    const statements = watchStatements({ rounds, module, ...replica });

    await rounds.tick();

    expect(statements.total()).toBe(2);
    expect(statements.count('due')).toBe(1);
    expect(statements.count('unconfirmed')).toBe(1);
    expect(world.wechat.calls.total).toBe(3);

    const next = async () =>
      (await world.row('access_token:gone-000')).nextInMs / 1000;
    expect(await next()).toBeGreaterThan((0.7 * DAY_SECONDS) / 8);
    expect(await next()).toBeLessThan((1.1 * DAY_SECONDS) / 8);
    await world.advance(20 * DAY_SECONDS);
    await rounds.tick();
    expect(await next()).toBeGreaterThan(0.7 * DAY_SECONDS);
    expect(await next()).toBeLessThanOrEqual(DAY_SECONDS);
  });

  it('are renewed by a replica that knows them, when it starts', async () => {
    await using world = await World.create();
    const back = shops(5, 'back');
    await makeRowsOf(world, back);
    const { rounds } = await started(world, shops(3));
    await world.advance(DAY_SECONDS + 1);
    await rounds.tick();
    open(world, back);

    const next = await world.replica({ accounts: back });
    await next.accountCheck.check();

    await vi.waitFor(async () =>
      expect(await renewedOf(world, back)).toEqual(namesOf(back)),
    );
  });

  it('are not those of a replica that runs, however long the platform has refused it', async () => {
    await using world = await World.create();
    const [theirs, ours] = [shops(1, 'theirs'), shops(1, 'ours')];
    const stranger = await started(world, theirs);
    const owner = await started(world, ours);
    const [{ appId } = { appId: '' }] = ours;
    const fault = world.wechat.inject(
      'stable',
      { status: 500 },
      { appId, times: Infinity },
    );
    // It has tried all the time; the last time just now.
    await world.advance(2 * DAY_SECONDS);
    await owner.rounds.tick();
    expect((await world.row('access_token:ours-000')).failureCount).toBe(1);
    await world.advance(120);
    await stranger.rounds.tick();
    fault.remove();
    // Where nobody has touched a due row for a while, it is looked at again after a minute.
    await world.advance(60);

    await owner.rounds.tick();

    expect(await renewedOf(world, ours)).toEqual(namesOf(ours));
  });
});
