import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROJECT } from '../support/build.js';
import { readManifest } from '../support/packed-package.js';
import { blocks, read } from '../support/pages.js';
import {
  AppEndedError,
  type SpawnedApp,
  spawnApp,
} from '../support/run-app.js';

/** What curl would send, as the shell hands it its arguments. */
function requestOf(line: string): { url: string; request: RequestInit } {
  const script = `curl() { printf '%s\\0' "$@"; }; ${line}`;
  const { stdout } = spawnSync('sh', ['-c', script], { encoding: 'utf8' });
  const args = stdout.split('\0').slice(0, -1);
  const after = (option: string) =>
    args.filter((_, index) => args[index - 1] === option);
  const given = after('-H').map((header) => header.split(': ', 2));
  const [body] = after('-d');
  const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
  return {
    url: args.find((arg) => arg.startsWith('http')) ?? '',
    request: {
      headers: { ...(body && form), ...Object.fromEntries(given) },
      ...(body !== undefined && { method: 'POST', body }),
    },
  };
}

/** The answer as it is, if it is text; of a stream its first event. */
async function jsonOf(response: Response): Promise<unknown> {
  const type = response.headers.get('content-type') ?? '';
  if (/text.plain/.test(type)) return { text: await response.text() };
  if (!/event-stream/.test(type)) return response.json();
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString('utf8');
    const data = /^data: (.*)$/m.exec(text)?.[1];
    if (data !== undefined && /\n\n/.test(text)) return JSON.parse(data);
  }
  return undefined;
}

/** Without what differs: keys, ports, lives, and tokens. */
const sameInEachRun = (text: string) =>
  text
    .replaceAll(/[0-9a-f]{64}|6c1f…e27b/g, '<key>')
    .replaceAll(/(?<=:)\d{4,5}\b/g, '<port>')
    .replaceAll(/\d+ s\b/g, '<life>')
    .replaceAll(/(?<=token )[0-9a-f]{8}, number \d+/g, '<token>');

/** What it has written to its standard error, without the failures that it is meant to show. */
const complaintsOf = (demo: SpawnedApp) =>
  demo.stderr().replaceAll(/^.*"token refresh failed".*\n/gm, '');

const DEMO = { script: join(PROJECT, 'dist/demo.js') };

describe('npm run demo', () => {
  let folder: string;
  let demo: SpawnedApp;
  /** The part that is meant to be read: what is printed once it is up. */
  let intro: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'wechat-token-demo-spec-'));
    demo = spawnApp({ TMPDIR: folder, DEMO_LIFE_SECONDS: '6' }, DEMO);
    await demo.listening;
    intro = await vi.waitUntil(
      () => /^[^]*?\/docs-json'.*\n/.exec(demo.logs())?.[0],
    );
  });
  afterAll(async () => {
    await demo[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Matches of `pattern` in what it has printed, once there are so many. */
  const printed = (pattern: RegExp, count: number) =>
    vi.waitUntil(
      () => {
        const found = [...demo.logs().matchAll(pattern)];
        return found.length >= count && found.map(([, group]) => group ?? '');
      },
      { interval: 50 },
    );

  it('has its first token within seconds', async () => {
    await printed(/"message":"token refreshed"/g, 1);
  });

  it.each(['README.md', 'README.zh-CN.md'])(
    'is run by the command of %s, and prints what it shows',
    async (page) => {
      expect(blocks(page, 'sh')).toContain('npm ci && npm run demo\n');
      expect(readManifest(PROJECT).scripts?.['demo']).toContain(
        'node dist/demo.js',
      );
      const [, shown = ''] =
        /^```\n(Open the console.*?)^```/ms.exec(read(page)) ?? [];
      const [issued] = await printed(/^(>> WeChat issued token .*)/gm, 1);
      const real = sameInEachRun(`${intro}${issued}`).split('\n');
      const lines = sameInEachRun(shown)
        .split('\n')
        .filter((line) => !/^ *…|^\[wechat-token\]/.test(line));
      expect(lines.length).toBeGreaterThan(10);
      for (const line of lines) expect(real).toContain(line);
    },
  );

  it('prints the address of the console first, with a key for it', async () => {
    const [address = '', key = ''] = intro.match(/^ {2}\S+$/gm) ?? [];
    const { pathname, origin } = new URL(address);
    expect(pathname).toBe('/admin/wechat-tokens/console');
    expect(origin).toBe(await demo.listening);
    const tokens = await fetch(`${origin}/admin/wechat-tokens`, {
      headers: { Authorization: `Bearer ${key.trim()}` },
    });
    expect(tokens.status).toBe(200);
  });

  it('has accounts of WeChat and of WeCom that are healthy, one with a wrong secret and one whose IP address is refused', async () => {
    for (const name of ['access_token', 'jsapi_ticket', 'access_token:crm']) {
      expect(intro).toMatch(new RegExp(`^  ${name} `, 'm'));
      const line = `"message":"token refreshed","name":"${name}"`;
      await vi.waitUntil(() => demo.logs().includes(line));
    }
    for (const [name, errcode] of [
      ['access_token:shop', 40125],
      ['access_token:news', 40164],
    ]) {
      expect(intro).toMatch(new RegExp(`^  ${name} .*${errcode}$`, 'm'));
      const failed = new RegExp(`"name":"${name}".*"errcode":${errcode}`);
      await vi.waitUntil(() => failed.test(demo.stderr()));
    }
  });

  it('prints commands that work as they are printed', async () => {
    const token = { value: expect.stringMatching(/^90_/) };
    const issued = { access_token: expect.stringMatching(/^90_/) };
    const view = { name: 'access_token', masked: expect.any(String) };
    const others = [
      { name: 'access_token:crm', masked: expect.any(String) },
      { name: 'access_token:news', masked: null },
      { name: 'access_token:shop', masked: null },
      { name: 'jsapi_ticket', masked: expect.any(String) },
    ];
    const expected: readonly [route: RegExp, answer: object][] = [
      [/cgi-bin.token/, issued],
      [/stable_token/, issued],
      [/wechat-tokens.access_token$/, token],
      [/jsapi_ticket$/, { value: expect.any(String) }],
      [/rejected$/, token],
      [/admin.wechat-tokens$/, { items: [view, ...others] }],
      [/summary$/, { total: 5 }],
      [/admin.wechat-tokens.access_token$/, view],
      [/events/, { items: expect.any(Array) }],
      [/refresh$/, { outcome: 'refreshed' }],
      [/stream$/, view],
      [/health.live/, { status: 'ok' }],
      [/health.ready/, { reasons: expect.any(Array) }],
      [/metrics$/, { text: expect.stringContaining('wechat_token_') }],
      [/docs-json/, { openapi: expect.any(String) }],
    ];
    const lines = intro.match(/^ {2}curl .*$/gm) ?? [];
    expect(lines).toHaveLength(expected.length);
    for (const [index, [route, answer]] of expected.entries()) {
      const { url, request } = requestOf(lines[index] ?? '');
      expect(url).toMatch(route);
      expect(await jsonOf(await fetch(url, request)), url).toMatchObject(
        answer,
      );
    }
  });

  it('shows each rotation as it happens: what WeChat issues, the app has', async () => {
    const refreshed = await printed(
      /"message":"token refreshed","name":"access_token",.*?"fingerprint":"(\w+)"/g,
      3,
    );
    const issued = await printed(/^>> WeChat issued token (\w+), /gm, 3);
    expect(refreshed.slice(0, 3)).toEqual(issued.slice(0, 3));
  });

  it('says nothing else: no start of the framework, no other error', () => {
    expect(complaintsOf(demo)).toBe('');
    const rest = demo
      .logs()
      .slice(intro.length)
      .split('\n')
      .filter(
        (line) =>
          !/^>> |"token refreshed"|"refresh requested"|"rejected token reported"|"token read"|^$/.test(
            line,
          ),
      );
    expect(rest).toEqual([]);
    expect(demo.logs()).toMatch(/^\nOpen the console in a browser/);
  });

  it('ends cleanly on Ctrl-C, and leaves nothing behind', async () => {
    expect(readdirSync(folder)).toHaveLength(1);
    expect(await demo.stop('SIGINT')).toEqual({ code: 0, signal: null });
    expect(complaintsOf(demo)).toBe('');
    expect(demo.logs()).toMatch(
      /\nDemo stopped; its temporary files are removed\.\n$/,
    );
    expect(readdirSync(folder)).toEqual([]);
  });

  it('says what to do when its port is taken', async () => {
    const port = new URL(await demo.listening).port;
    await using first = spawnApp({ TMPDIR: folder, PORT: port }, DEMO);
    await first.listening;
    await using second = spawnApp({ TMPDIR: folder, PORT: port }, DEMO);
    await expect(second.listening).rejects.toThrow(AppEndedError);
    expect((await second.exit).code).toBe(1);
    expect(second.stderr()).toBe(
      `PORT: ${port} on 127.0.0.1 is already in use. Set PORT to a free port, or stop the process that uses it.\n`,
    );
    await first.stop('SIGINT');
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('Ctrl-C in a terminal', () => {
  const BUILD = 'npm run --silent build';
  let folder: string;
  let temporary: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'wechat-token-ctrl-c-'));
    temporary = join(folder, 'tmp');
    mkdirSync(temporary);
    symlinkSync(join(PROJECT, 'dist'), join(folder, 'dist'), 'dir');
    // As in the project, but for the build: other tests are running what it would replace.
    const { demo = '' } = readManifest(PROJECT).scripts ?? {};
    expect(demo).toContain(`${BUILD} && `);
    const scripts = { demo: demo.replace(BUILD, 'true') };
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ scripts }));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('ends npm and the demo, which leaves nothing behind', async () => {
    await using demo = spawnApp(
      { TMPDIR: temporary, HOME: folder, npm_config_update_notifier: 'false' },
      { command: ['npm', 'run', 'demo'], cwd: folder, inGroup: true },
    );
    await demo.listening;
    await vi.waitUntil(() => demo.logs().includes('"token refreshed"'));
    expect(readdirSync(temporary)).toHaveLength(1);

    // A terminal sends it to all of the group: npm, its shell and Node.
    await demo.stop('SIGINT');

    expect(demo.logs().match(/^Demo stopped.*$/gm)).toEqual([
      'Demo stopped; its temporary files are removed.',
    ]);
    expect(readdirSync(temporary)).toEqual([]);
    const { pid = 0 } = demo;
    await vi.waitFor(() =>
      expect(() => process.kill(-pid, 0)).toThrow('ESRCH'),
    );
    expect(complaintsOf(demo)).not.toMatch(/error/i);
  });
});
