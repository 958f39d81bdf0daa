import {
  namesOf,
  open,
  renewedOf,
  shops,
  storeTokens,
} from '../support/many-accounts.js';
import { World } from '../support/world.js';

const DUE_SECONDS = 7000;

describe('R14 replicas that tick at the same time', () => {
  it('share what is due also when the platform is slow', async () => {
    await using world = await World.create();
    const accounts = shops(300);
    open(world, accounts);
    await storeTokens(world, accounts);
    // However busy the machine, no lease runs out before its token is renewed.
    const refresh = { leaseSeconds: 600 };
    const fleet = await world.fleet(3, { accounts, refresh });
    await world.advance(DUE_SECONDS);
    world.wechat.inject('stable', { delayMs: 100 }, { times: Infinity });

    await Promise.all(fleet.map(({ rounds }) => rounds.tick()));
    await Promise.all(fleet.map(({ journal }) => journal.settled()));

    expect(await renewedOf(world, accounts)).toEqual(namesOf(accounts));
    expect(world.wechat.calls.total).toBe(300);
    const shares = await world.sql<{ actor: string; n: number }>(
      "SELECT actor, COUNT(*) AS n FROM token_event WHERE type = 'refreshed' GROUP BY actor",
    );
    // A page each.
    expect(shares.map(({ n }) => n)).toEqual([100, 100, 100]);
  });
});
