import { SqlSession } from '../../src/wechat-token/store/sql-session.js';
import { World } from '../support/world.js';

describe('R13 fast news', () => {
  it('a token that one replica renewed is served by the other after one statement', async () => {
    await using world = await World.create();
    const [ours, other] = await world.pair();
    const old = await ours.tokens.getAccessToken();
    expect(await other.tokens.getAccessToken()).toBe(old);
    await ours.refresher.refresh('access_token', { force: true });
    const renewed = await ours.tokens.getAccessToken();
    const session = other.module.get(SqlSession);
    const rows = vi.spyOn(session, 'rows');
    const change = vi.spyOn(session, 'change');

    await other.sync.pull();

    expect(await other.tokens.getAccessToken()).toBe(renewed);
    expect(rows).toHaveBeenCalledOnce();
    expect(change).not.toHaveBeenCalled();
  });

  it('a write that becomes visible a while after its instant is not missed', async () => {
    await using world = await World.create();
    const [ours, other] = await world.pair();
    await ours.tokens.getAccessToken();
    await other.tokens.getAccessToken();
    await other.sync.pull();
    await ours.refresher.refresh('access_token', { force: true });
    // As if it had been written 5 s ago, in a transaction that took so long.
    await world.sql(
      "UPDATE system_var SET updated_at = strftime('%Y-%m-%d %H:%M:%f', updated_at, '-5 seconds')",
    );

    await other.sync.pull();

    expect(await other.tokens.getAccessToken()).toBe((await world.row()).value);
  });

  it('a pull that failed is made up for by the next', async () => {
    await using world = await World.create();
    const [ours, other] = await world.pair();
    await ours.tokens.getAccessToken();
    await other.tokens.getAccessToken();
    await ours.refresher.refresh('access_token', { force: true });
    await world.sql('ALTER TABLE system_var RENAME TO away');
    await other.sync.pull();
    await world.sql('ALTER TABLE away RENAME TO system_var');
    await world.advance(60);

    await other.sync.pull();

    expect(await other.tokens.getAccessToken()).toBe((await world.row()).value);
  });

  it('rows of others, plain variables and unknown accounts, are no concern of it', async () => {
    await using world = await World.create();
    const { tokens, sync, variables } = await world.replica();
    const token = await tokens.getAccessToken();
    await variables.save('colour', 'green');
    const store = await world.store();
    await store.insertMissing('access_token:of-another-app', '');
    await store.insertMissing('something_else', '');

    await sync.pull();

    expect(await tokens.getAccessToken()).toBe(token);
  });
});
