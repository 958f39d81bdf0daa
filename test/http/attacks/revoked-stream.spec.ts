import type { ApiKey } from '../../../src/wechat-token/index.js';
import { bearer, KEYS, PLATFORMS } from '../../support/http.js';
import { World } from '../../support/world.js';

const NEW = { ...KEYS.all, key: `${KEYS.all.key}-new` };
const LESS: ApiKey = { ...KEYS.all, scopes: ['tokens:issue'] };

describe.each(PLATFORMS)(
  'the open event stream of a key, on %s',
  (_, adapter) => {
    async function open(keys: { current: () => readonly ApiKey[] }) {
      const world = await World.create();
      const app = await world.httpReplica(adapter(), {
        http: { apiKeys: keys },
      });
      const response = await fetch(`${app.url}/admin/wechat-tokens/stream`, {
        headers: bearer(KEYS.all),
      });
      expect(response.status).toBe(200);
      const stream = { hasEnded: false };
      const ended = response.text().then(() => (stream.hasEnded = true));
      const end = () => world[Symbol.asyncDispose]();
      return { world, stream, ended, [Symbol.asyncDispose]: end };
    }

    it.each<[what: string, keys: readonly ApiKey[]]>([
      ['is revoked', [KEYS.read]],
      ['was the last one', []],
      ['has a successor under the same id', [NEW]],
      ['has lost the scope', [LESS]],
      ['is for other accounts now', [{ ...KEYS.all, accounts: ['shop'] }]],
    ])('ends with the next tick when the key %s', async (__, after) => {
      let keys: readonly ApiKey[] = [KEYS.all, KEYS.read];
      await using here = await open({ current: () => keys });
      keys = after;
      await here.world.skip(1);
      await here.ended;
    });

    it('goes on when other keys change', async () => {
      let keys: readonly ApiKey[] = [KEYS.all, KEYS.read];
      await using here = await open({ current: () => keys });
      keys = [KEYS.issue, { ...KEYS.all }];
      const polls = vi.spyOn(here.world.clock, 'sleep');
      for (let tick = 1; tick <= 3; tick++) {
        await here.world.skip(1);
        await vi.waitFor(() =>
          expect(polls.mock.calls.length).toBeGreaterThanOrEqual(tick),
        );
      }
      expect(here.stream.hasEnded).toBe(false);
    });
  },
);
