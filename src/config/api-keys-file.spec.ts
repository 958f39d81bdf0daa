import {
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { LogLine } from '../wechat-token/index.js';
import { resolveOptions } from '../wechat-token/options/options.schema.js';
import { ApiKeysFile } from './api-keys-file.js';
import { readSettings } from './settings.js';

const MARK = 'SeCrEt';
const APP_SECRET = `${MARK}-of-the-app-0123456789abcdef`;
const apiKey = (id: string) => ({
  id,
  key: `${MARK}-key-of-${id}-0123456789abcdefgh`,
  scopes: ['tokens:issue'],
});

describe('API_KEYS_FILE while the app runs', () => {
  let folder: string;
  let path: string;
  let lines: unknown[][];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'wechat-api-keys-'));
    path = join(folder, 'keys.json');
    write(apiKey('a'));
    lines = [];
    const see = (...line: unknown[]) => lines.push(line);
    Logger.overrideLogger({ log: see, error: see, warn: see });
  });
  afterEach(() => {
    Logger.overrideLogger(true);
    rmSync(folder, { recursive: true });
  });

  const write = (...keys: readonly object[]) =>
    writeFileSync(path, JSON.stringify(keys));

  /** As the app has them. */
  async function open() {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const settings = await readSettings({
      WECHAT_APP_ID: 'wx_one',
      WECHAT_APP_SECRET: APP_SECRET,
      API_KEYS_FILE: path,
    });
    const source = resolveOptions(settings.wechatToken).settings.http.apiKeys;
    if (!(source instanceof ApiKeysFile)) throw new Error('not a file');
    source.current();
    return {
      source,
      /** Who is let in after so many seconds. */
      idsAfter: async (seconds: number) => {
        const check = vi.spyOn(source, 'check');
        vi.advanceTimersByTime(seconds * 1000);
        // One that is under way is joined.
        if (check.mock.calls.length > 0) await source.check();
        check.mockRestore();
        return source.current().map(({ id }) => id);
      },
    };
  }
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it('a key that is added counts within 2 s, one that is removed no longer', async () => {
    const { idsAfter } = await open();
    expect(await idsAfter(0)).toEqual(['a']);
    write(apiKey('a'), apiKey('b'));
    expect(await idsAfter(1.9)).toEqual(['a']);
    expect(await idsAfter(0.1)).toEqual(['a', 'b']);
    write(apiKey('b'));
    expect(await idsAfter(3600)).toEqual(['b']);
    expect(lines).toEqual([
      [new LogLine('API keys reloaded', { ids: ['a', 'b'] }), 'ApiKeys'],
      [new LogLine('API keys reloaded', { ids: ['b'] }), 'ApiKeys'],
    ]);
  });

  it('gives the same list until the keys change', async () => {
    const { source, idsAfter } = await open();
    const before = source.current();
    await idsAfter(10);
    expect(source.current()).toBe(before);
    // Another text with the same keys in it.
    writeFileSync(path, JSON.stringify([apiKey('a')], null, 2));
    await idsAfter(10);
    expect(source.current()).toBe(before);
    expect(lines).toEqual([]);
  });

  it('a change is seen that leaves size and times as they were', async () => {
    const { idsAfter } = await open();
    const { atime, mtime } = statSync(path);
    write(apiKey('b'));
    utimesSync(path, atime, mtime);
    expect(await idsAfter(2)).toEqual(['b']);
  });

  it('a secret of Kubernetes, where a link is turned to another folder', async () => {
    const version = (name: string, ...keys: readonly object[]) => {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, 'keys.json'), JSON.stringify(keys));
      symlinkSync(name, join(folder, '..data_tmp'));
      renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
    };
    rmSync(path);
    version('..2026_01', apiKey('a'));
    symlinkSync('..data/keys.json', path);
    const { idsAfter } = await open();
    expect(await idsAfter(2)).toEqual(['a']);
    version('..2026_02', apiKey('a'), apiKey('b'));
    rmSync(join(folder, '..2026_01'), { recursive: true });
    expect(await idsAfter(2)).toEqual(['a', 'b']);
  });

  it.each<[what: string, spoil: () => void, field: string, problem: RegExp]>([
    [
      'is missing',
      () => rmSync(path),
      'API_KEYS_FILE',
      /cannot be read \(ENOENT\)/,
    ],
    [
      'is empty, since it is being written',
      () => writeFileSync(path, ''),
      'API_KEYS_FILE',
      /^must be a JSON array /,
    ],
    [
      'was cut',
      () => writeFileSync(path, JSON.stringify([apiKey('b')]).slice(0, -3)),
      'API_KEYS_FILE',
      /^must be a JSON array /,
    ],
    [
      'holds a key that is too short',
      () => write(apiKey('b'), { ...apiKey('c'), key: MARK }),
      'API_KEYS_FILE[1].key',
      /^of "c" must be at least 32 printable ASCII .*: openssl rand -hex 32\)$/,
    ],
    [
      'holds a key under two ids',
      () => write(apiKey('b'), { ...apiKey('b'), id: 'c' }),
      'API_KEYS_FILE[1].key',
      /^of "c" is the key of "b" as well; .*: openssl rand -hex 32\)$/,
    ],
    [
      'holds an AppSecret',
      () => write(apiKey('b'), { ...apiKey('c'), key: APP_SECRET }),
      'API_KEYS_FILE[1].key',
      /^of "c" is an account's AppSecret, .*: openssl rand -hex 32\)$/,
    ],
    [
      'names an id twice',
      () => write(apiKey('b'), apiKey('b')),
      'API_KEYS_FILE[1].id',
      /^"b" is the id of another key; /,
    ],
  ])(
    'that %s leaves the keys in force, and is logged once, without a key',
    async (_, spoil, field, problem) => {
      const { idsAfter } = await open();
      spoil();
      for (let look = 0; look < 3; look++)
        expect(await idsAfter(2)).toEqual(['a']);
      const fault = { field, problem: expect.stringMatching(problem) };
      expect(lines).toEqual([
        [
          new LogLine('API keys reload failed; keeping the current keys', {
            faults: [fault],
          }),
          undefined,
          'ApiKeys',
        ],
      ]);
      expect(JSON.stringify(lines)).not.toContain(MARK);

      write(apiKey('a'));
      expect(await idsAfter(2)).toEqual(['a']);
      expect(lines[1]).toEqual([
        new LogLine('API keys reloaded', { ids: ['a'] }),
        'ApiKeys',
      ]);
    },
  );

  it('may be emptied by a list without keys: then no key is accepted', async () => {
    const { idsAfter } = await open();
    write();
    expect(await idsAfter(2)).toEqual([]);
    write(apiKey('b'));
    expect(await idsAfter(2)).toEqual(['b']);
  });
});
