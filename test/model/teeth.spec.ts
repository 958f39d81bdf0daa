import type { StatementName } from './support/gated-runner.js';
import { Model } from './support/model.js';
import { boundedBy, CLASSIC } from './support/scenario.js';

const UNFENCED = { of: 'AND version = ?', becomes: 'AND ? IS NOT NULL' };
const UNLEASED = { of: /AND \(lease_until .*\)$/, becomes: '' };

/** The store with a part of one of its statements taken out. */
function without(
  statement: StatementName,
  ...parts: readonly { of: string | RegExp; becomes: string }[]
) {
  return (name: StatementName, sql: string) => {
    if (name !== statement) return sql;
    let broken = sql;
    for (const { of, becomes } of parts) {
      broken = sql.replace(of, becomes);
      expect(broken).not.toBe(sql);
      sql = broken;
    }
    return broken;
  };
}

const SCENARIO = { ...CLASSIC, bounds: boundedBy({ ticks: 2 }) };

describe('the model catches', () => {
  let model: Model;
  beforeAll(async () => {
    model = await Model.open();
  });
  afterAll(() => model[Symbol.asyncDispose]());

  it.each([
    [
      'a store without fencing',
      {
        sabotage: without('storeRenewed', {
          of: 'AND version = list_version',
          becomes: '',
        }),
      },
      'T1 has overwritten the newer T2',
    ],
    [
      'a claim that ignores the lease',
      { sabotage: without('claim', UNFENCED, UNLEASED) },
      'B took the lease that A held',
    ],
    [
      'a claim that does not see that the row has changed',
      { sabotage: without('claim', UNFENCED) },
      'T1 has overwritten the newer T2',
    ],
    [
      'a claim that sees only whether the row has changed',
      { sabotage: without('claim', UNLEASED) },
      'A took the lease that B held',
    ],
    [
      "a replica that gives back another's lease",
      { sabotage: without('release', UNFENCED) },
      'A calls while B may still be calling',
    ],
    [
      'versions that are counted, when a failover loses commits',
      {
        versionsAreCounted: true,
        bounds: boundedBy({ ticks: 1, failovers: 1 }),
      },
      'A writes under the lease of B',
    ],
    [
      'a replica whose clock is stopped while its lease expires',
      { clockStands: true },
      'A calls with 10 s of its lease',
    ],
  ])('%s', async (_, fault, violation) => {
    const scenario = { ...SCENARIO, ...fault };

    expect(await model.finds(violation, scenario)).toBe(true);
  });

  it('nothing in the store as it is', async () => {
    await expect(
      model.explore('the store as it is', SCENARIO),
    ).resolves.toBeDefined();
  });
});
