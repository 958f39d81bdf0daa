import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { INestApplication } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { Test } from '@nestjs/testing';
import { DEFAULT_FAKE_ACCOUNT } from '../../../src/testing/index.js';
import { CONSOLE_FOLDER } from '../../../src/wechat-token/http/console/console-files.js';
import {
  type Problem,
  WechatTokenModule,
  type WechatTokenModuleExtras,
  type WechatTokenModuleOptions,
} from '../../../src/wechat-token/index.js';
import { bearer, KEYS, PLATFORMS } from '../../support/http.js';
import { memoryDatabase } from '../../support/memory-database.js';

const PAGE = '<!doctype html><html><head><title>Tokens</title></head></html>';
const SCRIPT = `console.log(${JSON.stringify('x'.repeat(5000))});\n`;
const PICTURE = Buffer.from('89504e470d0a1a0a', 'hex');
const CONSOLE = '/admin/wechat-tokens/console';

/** The app's own, who lets nobody in. */
const NOBODY = { canActivate: () => false };
const BY_KEY = { apiKeys: [KEYS.read] };
const BY_APP = { guards: [NOBODY] };

describe.each(PLATFORMS)('the console, on %s', (platform, adapter) => {
  let folder: string;
  let app: INestApplication | undefined;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'wechat-token-console-'));
    mkdirSync(join(folder, 'assets'));
    writeFileSync(join(folder, 'index.html'), PAGE);
    writeFileSync(join(folder, 'secret.txt'), 'not an asset');
    writeFileSync(join(folder, 'assets/index-0a1b2c.js'), SCRIPT);
    writeFileSync(join(folder, 'assets/logo-0a1b2c.png'), PICTURE);
  });
  afterEach(async () => {
    await app?.close();
    app = undefined;
    rmSync(folder, { recursive: true, force: true });
  });

  async function start(
    http: WechatTokenModuleOptions['http'],
    extras: WechatTokenModuleExtras = {},
    globalPrefix = '',
  ): Promise<string> {
    const module = await Test.createTestingModule({
      imports: [
        ScheduleModule.forRoot(),
        memoryDatabase(),
        WechatTokenModule.forRoot({
          accounts: [DEFAULT_FAKE_ACCOUNT],
          role: 'reader',
          ...(http && { http }),
          ...extras,
        }),
      ],
    })
      .overrideProvider(CONSOLE_FOLDER)
      .useValue(folder)
      .compile();
    app = module.createNestApplication(adapter(), { logger: false });
    if (globalPrefix) app.setGlobalPrefix(globalPrefix);
    await app.listen(0, '127.0.0.1');
    return app.getUrl();
  }

  it.each([
    ['keys', 'key', BY_KEY],
    ["the app's guards", 'app', BY_APP],
  ])(
    'is a page and its assets, without a key, with %s',
    async (_what, auth, http) => {
      const url = await start(http);
      for (const [path, base] of [
        [CONSOLE, './console/'],
        [`${CONSOLE}?lang=zh`, './console/'],
        // With guards it is Nest's route, and Fastify's option ignoreTrailingSlash decides.
        ...(auth === 'key' || platform === 'Express'
          ? [[`${CONSOLE}/`, './']]
          : []),
      ] as const) {
        const page = await fetch(url + path);
        expect(page.status).toBe(200);
        expect(await page.text()).toBe(
          PAGE.replace(
            '<head>',
            `<head><base href="${base}"><meta name="wechat-token-auth" content="${auth}">`,
          ),
        );
        expect(Object.fromEntries(page.headers)).toMatchObject({
          'content-type': 'text/html; charset=utf-8',
          'cache-control': 'no-cache',
          'x-content-type-options': 'nosniff',
          'referrer-policy': 'no-referrer',
          'content-security-policy':
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'",
          etag: expect.stringMatching(/^W\/"[\w-]{22}"$/),
        });
        // As a browser resolves it.
        const asset = new URL(`${base}assets/index-0a1b2c.js`, url + path);
        const script = await fetch(asset);
        expect(script.status).toBe(200);
        expect(await script.text()).toBe(SCRIPT);
        expect(Object.fromEntries(script.headers)).toMatchObject({
          'content-type': 'text/javascript; charset=utf-8',
          'cache-control': 'public, max-age=31536000, immutable',
          'x-content-type-options': 'nosniff',
        });
      }
      const { status } = await fetch(`${url}/admin/wechat-tokens`);
      expect(status).toBe(auth === 'key' ? 401 : 403);
    },
  );

  it('is compressed for those who take it, and sent once to those who have it', async () => {
    const url = await start(BY_KEY);
    const asset = `${url}${CONSOLE}/assets/index-0a1b2c.js`;
    const plain = await raw(asset, {});
    expect(plain.headers['content-encoding']).toBeUndefined();
    expect(plain.body.toString()).toBe(SCRIPT);
    const zipped = await raw(asset, { 'accept-encoding': 'br, gzip' });
    expect(zipped.headers).toMatchObject({
      'content-encoding': 'gzip',
      'content-length': String(zipped.body.length),
      vary: 'Accept-Encoding',
    });
    expect(gunzipSync(zipped.body).toString()).toBe(SCRIPT);
    expect(zipped.body.length).toBeLessThan(SCRIPT.length / 10);
    const picture = await raw(
      asset.replace('index-0a1b2c.js', 'logo-0a1b2c.png'),
      {
        'accept-encoding': 'gzip',
      },
    );
    expect(picture.headers['content-type']).toBe('image/png');
    expect(picture.body).toEqual(PICTURE);

    for (const path of [CONSOLE, `${CONSOLE}/assets/index-0a1b2c.js`]) {
      const first = await raw(url + path, {});
      const again = await raw(url + path, {
        'if-none-match': String(first.headers.etag),
      });
      expect([again.status, again.body.length]).toEqual([304, 0]);
      expect(again.headers.etag).toBe(first.headers.etag);
      const head = await raw(url + path, {}, 'HEAD');
      expect([head.status, head.body.length]).toEqual([200, 0]);
    }
  });

  it('serves no file that was not an asset at the start', async () => {
    const url = await start(BY_KEY);
    writeFileSync(join(folder, 'assets/late.js'), 'late');
    for (const path of [
      '/assets/late.js',
      '/assets/none.js',
      '/assets/',
      '/assets',
      '/index.html',
      '/secret.txt',
      '/assets/../secret.txt',
      '/assets/..%2fsecret.txt',
      '/assets/%2e%2e%2fsecret.txt',
      '/assets/..%5csecret.txt',
      '/%2e%2e/%2e%2e/package.json',
      '/assets/%00',
    ]) {
      const { status, body } = await raw(`${url}${CONSOLE}${path}`, {});
      expect([path, status]).toEqual([path, expect.toBeOneOf([400, 404])]);
      expect(body.toString()).not.toContain('not an asset');
    }
  });

  it('is where the routes for operators are', async () => {
    for (const [http, extras, prefix, at] of [
      [BY_KEY, { routePrefix: 'internal' }, '', `/internal${CONSOLE}`],
      [BY_APP, { routePrefix: 'internal' }, 'api', `/api/internal${CONSOLE}`],
    ] as const) {
      const url = await start(http, extras, prefix);
      const page = await fetch(url + at);
      expect(page.status).toBe(200);
      const asset = new URL('./console/assets/logo-0a1b2c.png', url + at);
      expect((await fetch(asset)).status).toBe(200);
      await app?.close();
    }
    const url = await start({ ...BY_KEY, admin: false });
    expect((await fetch(url + CONSOLE)).status).toBe(404);
    await app?.close();
    expect((await fetch((await start({})) + CONSOLE)).status).toBe(404);
  });

  it('says how it is built where it is missing', async () => {
    rmSync(join(folder, 'index.html'));
    const url = await start(BY_KEY);
    const response = await fetch(url + CONSOLE);
    expect(response.status).toBe(404);
    const problem = (await response.json()) as Problem;
    expect(problem.detail).toContain('npm run build');
    const list = await fetch(`${url}/admin/wechat-tokens`, {
      headers: bearer(KEYS.read),
    });
    expect(list.status).toBe(200);
  });
});

/** A request as it is written, and the answer as it came. */
function raw(
  url: string,
  headers: Readonly<Record<string, string>>,
  method = 'GET',
) {
  const { hostname, port } = new URL(url);
  const path = url.slice(url.indexOf('/', 'http://'.length));
  return new Promise<{
    status: number | undefined;
    headers: Record<string, unknown>;
    body: Buffer;
  }>((resolve, reject) => {
    const options = { hostname, port, path, method, headers, agent: false };
    request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode,
          headers: response.headers,
          body: Buffer.concat(chunks),
        }),
      );
    })
      .on('error', reject)
      .end();
  });
}
