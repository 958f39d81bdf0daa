import { type TestReplica, World } from '../support/world.js';

/** Beyond what may be committed late. */
const AGES_AGO_SECONDS = 3600;

describe('R14 the queue is read from where it begins', () => {
  let world: World;
  let replica: TestReplica;
  beforeEach(async () => {
    world = await World.create();
    replica = await world.replica();
    await replica.tokens.getAccessToken();
    await replica.poller.poll();
    expect(replica.poller.isQuiet).toBe(true);
  });
  afterEach(() => world[Symbol.asyncDispose]());

  const putAtTheFront = async () => {
    const { now, plus } = await world.words();
    const long = plus(now, String(-AGES_AGO_SECONDS * 1000));
    await world.sql(
      `UPDATE system_var SET next_at = ${long}, refresh_at = ${long}`,
    );
  };

  it('and once a minute from the very beginning: a place that another program has set is found', async () => {
    await putAtTheFront();
    await world.advance(30);
    await replica.poller.poll();
    expect(replica.poller.isQuiet).toBe(true);

    await world.advance(31);
    await replica.poller.poll();
    expect(replica.poller.isQuiet).toBe(false);
    await replica.rounds.tick();
    expect(world.wechat.calls.total).toBe(2);
    await replica.poller.poll();
    expect(replica.poller.isQuiet).toBe(true);
  });

  it('which is where its first token is, as long as nobody renews that', async () => {
    await putAtTheFront();
    await world.advance(61);
    await replica.poller.poll();
    for (let second = 0; second < 10; second++) {
      await world.advance(1);
      await replica.poller.poll();
      expect(replica.poller.isQuiet).toBe(false);
    }
  });

  it('by a replica that has not polled yet from the very beginning', async () => {
    await putAtTheFront();
    const other = await world.replica();
    await other.rounds.tick();
    expect(world.wechat.calls.total).toBe(2);
  });
});
