import {
  bearer,
  KEYS,
  LogLines,
  PLATFORMS,
  WRONG_KEY,
} from '../../support/http.js';
import { DEFAULT_FAKE_ACCOUNT } from '../../../src/testing/index.js';
import { type HttpReplica, World } from '../../support/world.js';

describe.each(PLATFORMS)('a flood of wrong keys, on %s', (_, adapter) => {
  let world: World;
  let app: HttpReplica;
  const log = new LogLines();

  beforeEach(async () => {
    world = await World.create();
    const http = { apiKeys: [KEYS.all, KEYS.issue] };
    app = await world.httpReplica(adapter(), { http, logger: log });
    await app.accountCheck.check();
  });
  afterEach(() => world[Symbol.asyncDispose]());

  const statusOf = async (key: string) => {
    const response = await fetch(`${app.url}/wechat-tokens/access_token`, {
      headers: bearer({ key }),
    });
    await response.body?.cancel();
    return response.status;
  };
  const shaped = async (secret: string) => {
    const appid = DEFAULT_FAKE_ACCOUNT.appId;
    const query = { grant_type: 'client_credential', appid, secret };
    const text = new URLSearchParams(query).toString();
    const response = await fetch(`${app.url}/cgi-bin/token?${text}`);
    return (await response.json()) as { access_token?: string };
  };

  it('refuses no right key, also one that was never used from there', async () => {
    const wrong = Array.from({ length: 100 }, (__, n) =>
      statusOf(`${WRONG_KEY}-${n}`),
    );
    expect(await statusOf(KEYS.all.key)).toBe(200);
    expect(new Set(await Promise.all(wrong))).toEqual(new Set([401, 429]));
    expect(await statusOf(KEYS.issue.key)).toBe(200);
    expect(await shaped(WRONG_KEY)).toMatchObject({ errcode: 45011 });
    expect(await shaped(KEYS.issue.key)).toHaveProperty('access_token');
  });

  it('is answered one by one after 200 ms of the clock, and no sooner', async () => {
    const sleep = vi.spyOn(world.clock, 'sleep');
    expect(await statusOf(WRONG_KEY)).toBe(401);
    expect(await shaped(WRONG_KEY)).toMatchObject({ errcode: 40125 });
    expect(sleep.mock.calls.filter(([ms]) => ms === 200)).toHaveLength(2);
  });
});
