import {
  DEFAULT_FAKE_WECOM_ACCOUNT,
  fakeAppId,
} from '../../src/testing/index.js';
import type { FakeWecomAccount } from '../../src/testing/index.js';
import {
  isCannotForceError,
  isTokenUnavailableError,
} from '../../src/wechat-token/index.js';
import { type TestReplica, World } from '../support/world.js';

const CRM = DEFAULT_FAKE_WECOM_ACCOUNT;
const BOT: FakeWecomAccount = {
  ...CRM,
  agentId: '1000003',
  secret: 'fake-wecom-secret-of-the-other-application',
};
const ACCOUNTS = [CRM, BOT].map((application, i) => ({
  kind: 'wecom' as const,
  name: ['crm', 'bot'][i] ?? '',
  tickets: ['corp', 'agent'] as const,
  ...application,
}));
const NAME = 'access_token:crm';
const HOUR = 3600;
const ALWAYS = { times: Infinity };

const open = () => World.create({ wechat: { accounts: [CRM, BOT] } });
/** A replica that has what it can get: a start fetches what is missing. */
async function start(world: World, accounts = ACCOUNTS) {
  const replica = await world.replica({ accounts });
  await replica.accountCheck.check();
  return replica;
}

const failure = (work: Promise<unknown>) =>
  work.then(
    () => Promise.reject(new Error('it did not fail')),
    (error: unknown) => {
      if (!isTokenUnavailableError(error)) throw error;
      return error;
    },
  );
/** An attempt, or what the last one has left: nobody waits for another. */
const cold = ({ renewer }: TestReplica, name = NAME) =>
  failure(renewer.renew(name, { kind: 'due' }));
/** The calls of gettoken for the first application. */
const tokenCalls = ({ wechat }: World) =>
  wechat.callsFor(fakeAppId(CRM)).wecomToken;

/** Rounds of the cron for so many seconds. */
async function live(
  world: World,
  { rounds }: TestReplica,
  seconds: number,
  step = 15,
) {
  for (let passed = 0; passed < seconds; passed += step) {
    await world.advance(step);
    await rounds.tick();
  }
}

describe('two applications of one corporation', () => {
  it('have tokens, rows, histories and tickets of their own, and share the ticket of the corporation', async () => {
    await using world = await open();
    const { waiter, tokens, journal } = await start(world);

    const crm = await tokens.getAccessToken('crm');
    const bot = await tokens.getAccessToken('bot');
    const tickets = new Map<string, string>();
    for (const kind of ['corp_ticket', 'agent_ticket'])
      for (const { name } of ACCOUNTS)
        tickets.set(
          `${kind}:${name}`,
          (await waiter.obtain(`${kind}:${name}`)).value,
        );

    expect(bot).not.toBe(crm);
    for (const { name, token, appId } of [
      { name: 'crm', token: crm, appId: fakeAppId(CRM) },
      { name: 'bot', token: bot, appId: fakeAppId(BOT) },
    ]) {
      expect(world.wechat.currentToken(appId)).toBe(token);
      expect(world.wechat.callsFor(appId)).toMatchObject({
        wecomToken: 1,
        wecomTicket: 2,
      });
      expect(await world.row(`access_token:${name}`)).toMatchObject({
        value: token,
        appId,
        source: 'wecom',
      });
      expect(tickets.get(`agent_ticket:${name}`)).toBe(
        world.wechat.currentTicket(appId, 'agent'),
      );
      expect(tickets.get(`corp_ticket:${name}`)).toBe(
        world.wechat.currentTicket(appId, 'corp'),
      );
    }
    expect(new Set(tickets.values()).size).toBe(3);
    await journal.settled();
    const events = await world.sql<{ name: string }>(
      "SELECT name FROM token_event WHERE type = 'refreshed'",
    );
    expect(events.map(({ name }) => name).toSorted()).toEqual(
      [...tickets.keys(), NAME, 'access_token:bot'].toSorted(),
    );
  });

  it('never get the token of the other one in a row that had it, also without their agentIds', async () => {
    await using world = await open();
    for (const application of [CRM, BOT]) {
      const { corpId, secret } = application;
      const account = { name: 'crm', kind: 'wecom' as const, corpId, secret };
      const replica = await world.replica({ accounts: [account] });
      expect(await replica.tokens.getAccessToken('crm')).toBe(
        world.wechat.currentToken(fakeAppId(application)),
      );
      await replica.close();
    }
  });

  it('lose nothing by what becomes of the other: its rejections, its secret', async () => {
    await using world = await open();
    const replica = await start(world);
    const bot = await replica.tokens.getAccessToken('bot');
    const first = await replica.tokens.getAccessToken('crm');
    world.wechat.dropSilently(fakeAppId(CRM));
    for (let n = 0; n < 12; n++) {
      await failure(replica.tokens.invalidate(first, 'crm'));
      await world.advance(31);
    }

    world.wechat.drop(fakeAppId(BOT));
    const next = await replica.tokens.invalidate(bot, 'bot');

    expect(world.wechat.accepts(next)).toBe(true);
    expect(next).not.toBe(bot);
    expect(world.wechat.callsFor(fakeAppId(BOT)).wecomToken).toBe(2);
  });
});

describe('R5, R9 an access token of WeCom that is refused', () => {
  it('and was dropped costs one call', async () => {
    await using world = await open();
    const { tokens, waiter } = await start(world);
    const old = await tokens.getAccessToken('crm');
    world.wechat.drop(fakeAppId(CRM));

    const answers = await Promise.all([
      ...Array.from({ length: 20 }, () => tokens.invalidate(old, 'crm')),
      waiter.answerReport(NAME, old, 'billing').then(({ value }) => value),
    ]);

    expect(new Set(answers).size).toBe(1);
    expect(world.wechat.accepts(answers[0] ?? '')).toBe(true);
    expect(tokenCalls(world)).toBe(2);
    expect(world.wechat.calls.business).toBe(0);
  });

  it('and that the platform gives again is a clear error, and costs three calls a life; nothing is forced', async () => {
    await using world = await open();
    const replica = await world.replica({
      accounts: ACCOUNTS,
      refresh: { confirmSeconds: 0 },
    });
    await replica.accountCheck.check();
    const old = await replica.tokens.getAccessToken('crm');
    world.wechat.dropSilently(fakeAppId(CRM));

    const { retryAfter, message } = await failure(
      replica.tokens.invalidate(old, 'crm'),
    );
    expect(retryAfter).toBe(30);
    expect(message).toContain(NAME);
    for (let n = 0; n < 12; n++) {
      await live(world, replica, 45, 45);
      const error = await failure(replica.tokens.invalidate(old, 'crm'));
      expect(error.retryAfter).toBeGreaterThan(0);
    }

    expect(tokenCalls(world)).toBe(1 + 3);
    await replica.journal.settled();
    expect(
      await world.sql("SELECT type FROM token_event WHERE type = 'forced'"),
    ).toEqual([]);
    // At the end of its life there is another.
    await live(world, replica, 2 * HOUR, 300);
    expect(
      world.wechat.accepts(await replica.tokens.getAccessToken('crm')),
    ).toBe(true);
  });

  it.each([NAME, 'corp_ticket:crm', 'agent_ticket:crm'])(
    '%s cannot be forced',
    async (name) => {
      await using world = await open();
      const { refresher, waiter, journal } = await start(world);
      await waiter.obtain(name);
      const before = world.wechat.calls.total;

      const forced = refresher.refresh(name, {
        force: true,
        actor: 'somebody',
      });

      await expect(forced).rejects.toSatisfy(isCannotForceError);
      expect(world.wechat.calls.total).toBe(before);
      await journal.settled();
      const events = await world.sql(
        "SELECT type FROM token_event WHERE type NOT IN ('refreshed', 'called')",
      );
      expect(events).toEqual([]);
      // Without force the platform is asked, unless it was a moment ago.
      await world.advance(20);
      expect(await refresher.refresh(name)).toMatchObject({
        outcome: 'unchanged',
      });
      expect(world.wechat.calls.total).toBe(before + 1);
    },
  );
});

describe('R8 what WeCom answers to gettoken', () => {
  it('40001 is the secret: renewal is stopped, probed rarely, and goes on with the right one', async () => {
    await using world = await open();
    world.wechat.changeSecret(fakeAppId(CRM), 'another-secret-0123456789');
    const replica = await start(world);

    const { message } = await cold(replica);
    expect(message).toContain('40001');
    expect(message).toContain('secret of this application');
    expect(await world.row(NAME)).toMatchObject({
      lastError: { class: 'credentials', errcode: 40001 },
    });
    await live(world, replica, 20 * 60, 30);
    // Probes after 1 and 5 minutes, and perhaps the one after 15.
    expect(tokenCalls(world)).toBeGreaterThanOrEqual(3);
    expect(tokenCalls(world)).toBeLessThanOrEqual(4);
    expect(
      world.wechat.accepts(await replica.tokens.getAccessToken('bot')),
    ).toBe(true);

    world.wechat.changeSecret(fakeAppId(CRM), CRM.secret);
    await live(world, replica, 16 * 60, 60);
    expect(
      world.wechat.accepts(await replica.tokens.getAccessToken('crm')),
    ).toBe(true);
  });

  it('45009 is a limit of a minute, then of an hour, and never of a day', async () => {
    await using world = await open();
    const limit = world.wechat.inject('wecomToken', { errcode: 45009 }, ALWAYS);
    const replica = await start(world, ACCOUNTS.slice(0, 1));
    const waits = async () => (await world.row(NAME)).nextAttemptInMs / 1000;

    expect(await cold(replica)).toMatchObject({
      retryAfter: expect.any(Number),
    });
    expect(await waits()).toBeLessThanOrEqual(60);
    await live(world, replica, 60, 12);
    await world.advance(2);
    await replica.rounds.tick();
    expect(limit.hits).toBe(2);
    expect(await waits()).toBeGreaterThan(HOUR - 120);
    expect(await waits()).toBeLessThanOrEqual(HOUR);
    await live(world, replica, HOUR - 120, 290);
    expect(limit.hits).toBe(2);
    await live(world, replica, 180, 60);
    expect(limit.hits).toBe(3);
    expect(await waits()).toBeLessThanOrEqual(HOUR);

    limit.remove();
    await live(world, replica, HOUR + 60, 610);
    expect(
      world.wechat.accepts(await replica.tokens.getAccessToken('crm')),
    ).toBe(true);
  });

  it.each([
    { errcode: 45033, type: 'transient', most: 3 },
    { errcode: -1, type: 'transient', most: 3 },
    { errcode: 50003, type: 'account', most: 70 },
    { errcode: 60020, type: 'ip', most: 70 },
  ])(
    '$errcode is of class $type, and waited for $most s at most',
    async ({ errcode, type, most }) => {
      await using world = await open();
      world.wechat.inject('wecomToken', { errcode }, ALWAYS);
      const replica = await start(world, ACCOUNTS.slice(0, 1));

      const { retryAfter } = await cold(replica);

      expect(retryAfter).toBeLessThanOrEqual(most);
      expect(await world.row(NAME)).toMatchObject({
        lastError: { class: type },
      });
    },
  );
});

describe('the limits on the tickets of WeCom', () => {
  /** As if replicas had made so many calls within the last minutes. */
  async function spend(
    { events }: TestReplica,
    countedAs: string,
    calls: number,
  ) {
    const event = {
      name: countedAs,
      type: 'called',
      actor: 'some replica',
    } as const;
    await Promise.all(
      Array.from({ length: calls }, () => events.record(event)),
    );
  }

  it('400 an hour are those of all applications and replicas together; the next one is not made', async () => {
    await using world = await open();
    const ours = await start(world);
    const other = await start(world);
    // With the one that each application has made by then.
    await spend(ours, `corp_ticket@${CRM.corpId}`, 398);
    const { wecomTicket } = world.wechat.calls;
    await world.advance(600);

    for (const { refresher } of [ours, other])
      for (const name of ['corp_ticket:crm', 'corp_ticket:bot']) {
        const { message, retryAfter = 0 } = await failure(
          refresher.refresh(name),
        );
        expect(message).toContain('400 calls');
        expect(retryAfter).toBeGreaterThan(HOUR - 700);
        expect(retryAfter).toBeLessThanOrEqual(HOUR - 600);
        await world.advance(10);
      }
    expect(world.wechat.calls).toMatchObject({ wecomTicket });
    expect(await world.row('corp_ticket:crm')).toMatchObject({
      lastError: { class: 'quota' },
    });
    // The ticket is served on, and that of an application has a limit of its own.
    expect(
      world.wechat.acceptsTicket(
        (await ours.waiter.obtain('corp_ticket:crm')).value,
      ),
    ).toBe(true);
    await ours.waiter.obtain('agent_ticket:crm');

    await world.advance(HOUR);
    expect(await ours.refresher.refresh('corp_ticket:crm')).toMatchObject({
      outcome: 'unchanged',
    });
  });

  it('100 an hour are those of one application', async () => {
    await using world = await open();
    const replica = await start(world);
    await spend(replica, `agent_ticket@${fakeAppId(CRM)}`, 99);
    await world.advance(2 * HOUR - 1800);
    await spend(replica, `agent_ticket@${fakeAppId(CRM)}`, 100);
    const old = world.wechat.currentTicket(fakeAppId(CRM), 'agent');
    const before = world.wechat.callsFor(fakeAppId(CRM)).wecomTicket;
    await world.advance(1800);

    const { message, retryAfter } = await cold(replica, 'agent_ticket:crm');
    expect(message).toContain('100 calls');
    expect(retryAfter).toBeGreaterThan(1800 - 60);
    expect(retryAfter).toBeLessThanOrEqual(1800);
    await live(world, replica, 600);
    // That of the corporation alone was renewed.
    expect(world.wechat.callsFor(fakeAppId(CRM)).wecomTicket).toBe(before + 1);
    await replica.waiter.obtain('agent_ticket:bot');

    await live(world, replica, 1500, 60);
    const { value } = await replica.waiter.obtain('agent_ticket:crm');
    expect(value).not.toBe(old);
    expect(value).toBe(world.wechat.currentTicket(fakeAppId(CRM), 'agent'));
  });
});
