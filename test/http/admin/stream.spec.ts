import { setTimeout } from 'node:timers/promises';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { DEFAULT_FAKE_ACCOUNT } from '../../../src/testing/index.js';
import { Clock } from '../../../src/wechat-token/common/clock.js';
import type {
  AdminView,
  Problem,
  StreamedPage,
} from '../../../src/wechat-token/index.js';
import { bearer, KEYS, PLATFORMS, posted, SHOP } from '../../support/http.js';
import { TokenStore } from '../../../src/wechat-token/store/token-store.js';
import { World } from '../../support/world.js';

const NAME = 'access_token';
const SHOPS = 'access_token:shop';
const NAMES = [NAME, SHOPS];
const accounts = [DEFAULT_FAKE_ACCOUNT, SHOP];
/** More keys that may read, each under an id of its own. */
const READERS = Array.from({ length: 4 }, (_, n) => ({
  ...KEYS.read,
  id: `read-${n}`,
  key: `${KEYS.read.key}-${n}`,
}));
const http = { apiKeys: [...Object.values(KEYS), ...READERS] };

/** What a console reads: it cannot use EventSource, which sends no key. */
class EventReader {
  text = '';
  readonly ended: Promise<void>;
  private readonly gone = new AbortController();

  constructor(response: Response) {
    this.ended = this.read(response.body as ReadableStream<Uint8Array>);
  }

  get views(): AdminView[] {
    return this.dataOf<AdminView>('token');
  }

  get pages(): StreamedPage[] {
    return this.dataOf<StreamedPage>('page');
  }

  private dataOf<Data>(type: string): Data[] {
    const events = this.text.split('\n\n').filter((e) => /^data: /m.test(e));
    for (const event of events) expect(event).toMatch(/^event: (token|page)$/m);
    return events
      .filter((event) => event.includes(`event: ${type}\n`))
      .map(
        (event) => JSON.parse(/^data: (.*)$/m.exec(event)?.[1] ?? '') as Data,
      );
  }

  leave(): Promise<void> {
    this.gone.abort();
    return this.ended;
  }

  private async read(body: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    const reader = body.getReader();
    this.gone.signal.addEventListener('abort', () => void reader.cancel());
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      this.text += decoder.decode(value, { stream: true });
    }
  }
}

/** An app of a test's own: tests that mostly wait can do so side by side. */
async function start(adapter: AbstractHttpAdapter) {
  const world = await World.create({ wechat: { accounts } });
  const app = await world.httpReplica(adapter, { accounts, http });
  await app.accountCheck.check();
  const ask = (query = '', key = KEYS.read) =>
    fetch(`${app.url}/admin/wechat-tokens/stream${query}`, {
      headers: bearer(key),
    });
  const open = async (...question: Parameters<typeof ask>) => {
    const response = await ask(...question);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    return new EventReader(response);
  };
  const end = () => world[Symbol.asyncDispose]();
  return { world, app, ask, open, [Symbol.asyncDispose]: end };
}

const until = (check: () => void) => vi.waitFor(check);

describe.concurrent.each(PLATFORMS)(
  'GET …/stream on %s',
  (_platform, adapter) => {
    it('begins with the page that the list gives', async () => {
      await using here = await start(adapter());
      const { app, open } = here;
      const list = await fetch(`${app.url}/admin/wechat-tokens`, {
        headers: bearer(KEYS.read),
      });
      const { items } = (await list.json()) as { items: AdminView[] };
      const stream = await open();
      await until(() => expect(stream.views).toHaveLength(2));
      expect(stream.views).toEqual(
        items.map((view) => ({ ...view, expiresIn: expect.any(Number) })),
      );
      await stream.leave();
    });

    it('says what is on the page and in which order, when that changes', async () => {
      await using here = await start(adapter());
      const { world, open } = here;
      const stream = await open('?order=urgency');
      await until(() =>
        expect(stream.pages).toEqual([{ names: NAMES, next: null }]),
      );
      const later = `strftime('%Y-%m-%d %H:%M:%f', 'now', '+1 hour')`;
      await world.sql(
        `UPDATE system_var SET next_attempt_at = ${later} WHERE name = '${SHOPS}'`,
      );
      await until(() =>
        expect(stream.pages.slice(1)).toEqual([
          { names: NAMES.toReversed(), next: null },
        ]),
      );
      await world.sql(`DELETE FROM system_var WHERE name = '${NAME}'`);
      await until(() =>
        expect(stream.pages.slice(2)).toEqual([{ names: [SHOPS], next: null }]),
      );
      // One view for each change of a token.
      expect(stream.views.map(({ name }) => name)).toEqual([...NAMES, SHOPS]);
      await stream.leave();
    });

    it('has the same limits as the list', async () => {
      await using here = await start(adapter());
      const { open } = here;
      const second = await open(`?limit=1&after=${NAME}`);
      const shops = await open('', KEYS.shop);
      await until(() => {
        for (const { views } of [second, shops])
          expect(views.map(({ account }) => account)).toEqual(['shop']);
      });
      await Promise.all([second.leave(), shops.leave()]);
    });

    it('sends changes only, within two seconds', async () => {
      await using here = await start(adapter());
      const { world, app, open } = here;
      const stream = await open();
      await until(() => expect(stream.views).toHaveLength(2));
      await fetch(
        `${app.url}/admin/wechat-tokens/${NAME}/refresh`,
        posted({ force: true }, bearer(KEYS.all)),
      );
      // On a busy machine the renewal itself is seen as well.
      await until(() =>
        expect(stream.views.slice(2).at(-1)).toMatchObject({
          name: NAME,
          status: 'valid',
          forcedToday: 1,
        }),
      );
      const seen = stream.views.length;

      // No version changes when a token becomes due.
      await world.sql(
        `UPDATE system_var SET refresh_at = strftime('%Y-%m-%d %H:%M:%f', 'now', '-1 second')`,
      );
      await until(() => {
        const names = stream.views
          .slice(seen)
          .map((v) => `${v.name} ${v.status}`);
        expect(names).toEqual([`${NAME} due`, 'access_token:shop due']);
      });
      await stream.leave();
    });

    it('R15: contains no token', async () => {
      await using here = await start(adapter());
      const { world, open } = here;
      const stream = await open();
      await until(() => expect(stream.views).toHaveLength(2));
      for (const token of world.wechat.issuedTokens)
        expect(stream.text).not.toContain(token);
      await stream.leave();
    });

    it('costs one statement a second', async () => {
      await using here = await start(adapter());
      const { world, app, open } = here;
      const stream = await open();
      await until(() => expect(stream.views).toHaveLength(2));
      const clock = app.module.get(Clock);
      const statements = vi.spyOn(app.dataSource, 'createQueryRunner');
      const startedAt = clock.now();
      for (let second = 1; second <= 3; second++) {
        await world.skip(1);
        await until(() =>
          expect(statements.mock.calls.length).toBeGreaterThanOrEqual(second),
        );
      }
      const seconds = (clock.now() - startedAt) / 1000;
      expect(statements.mock.calls.length).toBeLessThanOrEqual(seconds + 1);

      await stream.leave();
      await vi.waitFor(async () => {
        statements.mockClear();
        await world.skip(3);
        await setTimeout(200);
        expect(statements).not.toHaveBeenCalled();
      });
    });

    it('sends a comment when nothing happens for 15 s', async () => {
      await using here = await start(adapter());
      const { world, open } = here;
      const stream = await open();
      await until(() => expect(stream.views).toHaveLength(2));
      expect(stream.text).not.toMatch(/^:/m);
      // Too short for any status to change.
      await world.advance(15);
      await until(() => expect(stream.text).toMatch(/^: /m));
      expect(stream.views).toHaveLength(2);
      await stream.leave();
    });

    it('survives a database outage', async () => {
      await using here = await start(adapter());
      const { world, app, open } = here;
      const stream = await open();
      await until(() => expect(stream.views).toHaveLength(2));
      await world.sql('ALTER TABLE system_var RENAME TO gone');
      const polls = vi.spyOn(app.module.get(TokenStore), 'page');
      await until(() => expect(polls).toHaveBeenCalled());
      await expect(polls.mock.results[0]?.value).rejects.toThrow();
      await world.sql('ALTER TABLE gone RENAME TO system_var');
      await world.sql(
        `UPDATE system_var SET version = 1 WHERE name = '${NAME}'`,
      );
      await until(() => expect(stream.views.at(-1)?.version).toBe(1));
      await stream.leave();
    });

    it('is limited to 20 at a time; closing one makes room for another', async () => {
      await using here = await start(adapter());
      const { ask, open } = here;
      const streams = await Promise.all(
        READERS.flatMap((key) =>
          Array.from({ length: 5 }, () => open('', key)),
        ),
      );
      const refused = await ask();
      expect(refused.status).toBe(503);
      expect(refused.headers.get('content-type')).toContain(
        'application/problem+json',
      );
      const { retryAfter } = (await refused.json()) as Problem;
      expect(refused.headers.get('retry-after')).toBe(String(retryAfter));

      await streams[0]?.leave();
      await vi.waitFor(async () => {
        const response = await ask();
        if (response.status !== 200) await response.body?.cancel();
        else streams.push(new EventReader(response));
        expect(response.status).toBe(200);
      });
      await Promise.all(streams.map((stream) => stream.leave()));
    });

    it('is limited to 5 at a time for one key, which does not affect other keys', async () => {
      await using here = await start(adapter());
      const { ask, open } = here;
      const own = await Promise.all(Array.from({ length: 5 }, () => open()));
      const refused = await ask();
      expect(refused.status).toBe(429);
      const { retryAfter } = (await refused.json()) as Problem;
      expect(refused.headers.get('retry-after')).toBe(String(retryAfter));
      const other = await open('', KEYS.all);

      await own[0]?.leave();
      await vi.waitFor(async () => {
        const response = await ask();
        if (response.status !== 200) await response.body?.cancel();
        else own.push(new EventReader(response));
        expect(response.status).toBe(200);
      });
      await Promise.all([other, ...own].map((stream) => stream.leave()));
    });

    it('ends after ten minutes, so that the key is checked again', async () => {
      await using here = await start(adapter());
      const { world, open } = here;
      const stream = await open();
      await until(() => expect(stream.views).toHaveLength(2));
      await world.advance(600);
      await stream.ended;
    });

    it('R12: ends when the app does', async () => {
      await using here = await start(adapter());
      const { app, open } = here;
      const stream = await open();
      await until(() => expect(stream.views).toHaveLength(2));
      await app.close();
      await stream.ended;
    });
  },
);
