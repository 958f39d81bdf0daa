import { inspect } from 'node:util';
import { DEFAULT_FAKE_ACCOUNT } from '../../src/testing/index.js';
import {
  isConfigurationError,
  isTokenUnavailableError,
  isUnknownTokenError,
  type TokenSource,
} from '../../src/wechat-token/index.js';
import { LogLines } from '../support/http.js';
import { type ReplicaOptions, World } from '../support/world.js';

const SECRET = 'own-secret-0123456789abcdef';
const SHOP = {
  kind: 'own',
  name: 'shop',
  appId: 'own_app',
  appSecret: SECRET,
};
const NAME = 'own_token:shop';

/** A source of the app's own, well but for what is changed. */
function ownSource(changed: Partial<TokenSource> = {}): TokenSource {
  return {
    id: 'own',
    kind: 'own_token',
    accountKind: 'own',
    platform: { name: 'Own', baseUrl: 'http://127.0.0.1:9' },
    errcodes: new Map(),
    repeatedCall: 'same',
    canForce: false,
    mayCallInParallel: true,
    isEarlyCallHarmless: true,
    marginSeconds: 60,
    rejectionHealedBy: 'call',
    serves: ({ kind }) => kind === 'own',
    issue: () => Promise.resolve({ value: 'own-value', expiresIn: 7200 }),
    ...changed,
  };
}

const withSource = (...sources: TokenSource[]): ReplicaOptions => ({
  accounts: [{ name: 'default', ...DEFAULT_FAKE_ACCOUNT }, SHOP],
  sources,
});
const thrown = () => new TypeError(`no answer for ${SECRET}`);

/** Whatever it does, it does it with the secret. */
const FAULTS: readonly [string, Partial<TokenSource>, RegExp][] = [
  [
    'rejects',
    { issue: () => Promise.reject(thrown()) },
    /"own" threw TypeError/,
  ],
  [
    'throws at once',
    {
      issue: () => {
        throw thrown();
      },
    },
    /"own" threw TypeError/,
  ],
  [
    'throws what is no error',
    { issue: () => Promise.reject(SECRET as unknown as Error) },
    /"own" threw string/,
  ],
  [
    'gives nothing',
    { issue: () => Promise.resolve(undefined as never) },
    /usable token/,
  ],
  [
    'gives no token',
    { issue: () => Promise.resolve({ value: { SECRET }, expiresIn: 7200 }) },
    /usable token/,
  ],
  [
    'gives no life',
    { issue: () => Promise.resolve({ value: SECRET, expiresIn: -1 }) },
    /usable life/,
  ],
  [
    'does not know what it needs',
    {
      needs: () => {
        throw thrown();
      },
    },
    /"own" threw TypeError/,
  ],
  [
    'does not know whom it serves',
    {
      serves: () => {
        throw thrown();
      },
    },
    /"own" threw TypeError/,
  ],
  [
    'does not know its limits',
    {
      limits: () => {
        throw thrown();
      },
    },
    /"own" threw TypeError/,
  ],
  [
    'never answers',
    { issue: () => new Promise(() => undefined) },
    /"own" gave no answer within 3 s/,
  ],
];

describe('a source of the app’s own', () => {
  it.each(FAULTS)(
    'that %s: its error says so without the secret, and the others go on',
    async (_, fault, message) => {
      const isAsked = !fault.needs && !fault.limits && !fault.serves;
      await using world = await World.create();
      const logger = new LogLines();
      const replica = await world.replica({
        ...withSource(ownSource(fault)),
        api: { timeoutMs: 1000 },
        refresh: { leaseSeconds: 3 },
        logger,
      });

      const error: unknown = await replica.renewer
        .renew(NAME, { kind: 'due' })
        .catch((caught: unknown) => caught);

      expect(error).toSatisfy(isTokenUnavailableError);
      expect(error).toMatchObject({ message: expect.stringMatching(message) });
      expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(
        SECRET,
      );
      if (isAsked)
        expect(await world.row(NAME)).toMatchObject({
          value: null,
          lastError: { class: 'transient' },
        });
      // The round renews what else is due, and reports the failure in the log.
      await world.advance(7300);
      await vi.waitFor(async () => {
        await replica.rounds.tick();
        const { value } = await world.row();
        expect(world.wechat.accepts(value ?? '')).toBe(true);
      });
      await replica.journal.settled();
      if (isAsked) expect(logger.text).toContain(NAME);
      expect(logger.text).not.toContain(SECRET);
      const events = await world.sql('SELECT * FROM token_event');
      expect(JSON.stringify(events)).not.toContain(SECRET);
    },
  );

  it('whose tokens need each other: the circle is named, and nobody waits for it', async () => {
    await using world = await World.create();
    const first = ownSource({ needs: () => ['other_token:shop'] });
    const second = ownSource({
      id: 'other',
      kind: 'other_token',
      needs: () => [NAME],
    });
    const start = async () => {
      const replica = await world.replica(withSource(first, second));
      const { value } = await replica.waiter.obtain('access_token');
      expect(world.wechat.accepts(value)).toBe(true);
      return replica.waiter.obtain(NAME);
    };

    const error: unknown = await start().catch((caught: unknown) => caught);

    expect(error).toSatisfy(
      (one) => isUnknownTokenError(one) || isConfigurationError(one),
    );
    expect(error).toMatchObject({
      message: expect.stringMatching(/own_token.*other_token.*own_token/),
    });
  });

  it('that is well is renewed, announced and served like any other', async () => {
    await using world = await World.create();
    let issued = 0;
    const issue = () =>
      Promise.resolve({ value: `own-value-${++issued}`, expiresIn: '7200' });
    const [ours, other] = await world.pair(
      withSource(
        ownSource({
          issue,
          repeatedCall: 'rotates',
          mayCallInParallel: false,
          isEarlyCallHarmless: false,
        }),
      ),
    );

    const got = await Promise.all(
      [ours, other].flatMap(({ waiter }) =>
        Array.from({ length: 50 }, () => waiter.obtain(NAME)),
      ),
    );

    expect(new Set(got.map(({ value }) => value))).toEqual(
      new Set(['own-value-1']),
    );
    for (const { accountCheck } of [ours, other]) await accountCheck.check();
    await world.advance(7150);
    await vi.waitFor(async () => {
      await ours.rounds.tick();
      await other.poller.poll();
      expect((await other.waiter.obtain(NAME)).value).toBe('own-value-2');
    });
    expect(issued).toBe(2);
  });
});

it('a source that is frozen works as any other', async () => {
  await using world = await World.create();
  const replica = await world.replica(withSource(Object.freeze(ownSource())));
  const { value } = await replica.waiter.obtain(NAME);
  expect(value).toBe('own-value');
});

it.each([0, 1001, NaN])(
  'a limit of %d calls an hour is refused, and no call is made',
  async (perHour) => {
    await using world = await World.create();
    const issue = vi.fn(() =>
      Promise.resolve({ value: 'own-value', expiresIn: 7200 }),
    );
    const limits = () => [{ perHour, countedAs: 'own' }];
    const replica = await world.replica(
      withSource(ownSource({ issue, limits, mayCallInParallel: false })),
    );
    await expect(
      replica.waiter.obtain(NAME, { timeoutMs: 500 }),
    ).rejects.toThrow(/perHour must be 1 to 1000/);
    expect(issue).not.toHaveBeenCalled();
  },
);
