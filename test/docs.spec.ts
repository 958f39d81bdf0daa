import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { PROJECT } from './support/build.js';
import { loadSettings } from '../src/config/settings.js';
import { IN_FILES } from '../src/config/setting-files.js';
import { resolveOptions } from '../src/wechat-token/options/options.schema.js';

const READMES = ['README.md', 'README.zh-CN.md'];
const PAGES = [
  ...READMES,
  'deploy/README.md',
  'docs/adding-a-source.md',
  'docs/compatibility.md',
  'docs/health.md',
  'docs/interop.md',
  'docs/kinds-of-account.md',
  'docs/logs.md',
  'docs/metrics.md',
  'docs/performance.md',
  'docs/reliability.md',
  'docs/security.md',
  'docs/signatures.md',
  'docs/testing-offline.md',
];
const MAX_COLUMNS = 120;
const MAX_MODULE_LINES = 12;
const FIRST_SCREEN_LINES = 45;
const SAMPLES = ['minimal-app', 'own-source'];
const run = promisify(execFile);

const read = (file: string) => readFileSync(join(PROJECT, file), 'utf8');

/** The fenced blocks of one language. */
function blocks(page: string, language: string): string[] {
  const fenced = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms');
  return [...read(page).matchAll(fenced)].map(([, code = '']) => code);
}

interface Manifest {
  readonly homepage: string;
}

/** Where the links of a page lead, without their anchors. */
function linksOf(page: string): string[] {
  const text = read(page);
  const links = [
    ...text.matchAll(/\]\(([^)#]+)[^)]*\)/g),
    ...text.matchAll(/^\[.+\]: ([^#\s]+)/gm),
  ];
  return links.map(([, target = '']) => target);
}

/** Columns of a terminal: Chinese characters and punctuation take two. */
const columnsOf = (line: string) =>
  line.replaceAll(/[\u2e80-\u9fff\uff00-\uff60]/g, '**').length;

/** Names of settings in a text. */
const settingsIn = (text: string) =>
  new Set(
    [
      ...text.matchAll(
        /`((?:WECHAT_|WECOM_|DATABASE_|API_KEYS|TOKEN_ENCR|LOG_|METRICS|AUDIT|TRUST_PROXY|KEEP_ALIVE|HEADERS_T|REQUEST_T|MAX_CONN|SHUTDOWN_D)[A-Z_]*|PORT|HOST)`/g,
      ),
    ].map(([, name = '']) => name),
  );

function settingsOfTheApp(): Set<string> {
  const inTheApp = settingsIn(
    ['settings.ts', 'database-settings.ts', 'module-options.ts']
      .map((file) => read(`src/config/${file}`))
      .join('\n')
      .replaceAll(/\b([A-Z]+(?:_[A-Z]+)*)\b/g, '`$1`'),
  );
  for (const setting of IN_FILES) inTheApp.add(`${setting}_FILE`);
  // As a file only.
  inTheApp.delete('DATABASE_TLS_CA');
  // Nest's list of levels, and an error's code.
  inTheApp.delete('LOG_LEVELS');
  return inTheApp;
}

describe('.env.example', () => {
  const entries = [...read('.env.example').matchAll(/^#([A-Z_]+)=(.*)$/gm)].map(
    ([, name = '', value = '']) => [name, value] as const,
  );

  it('has every setting once, and no other', () => {
    const names = entries.map(([name]) => name);
    expect(names.toSorted()).toEqual([...settingsOfTheApp()].toSorted());
  });

  it('has their defaults: with all of them set the app is as with none', () => {
    const account = {
      WECHAT_APP_ID: 'wx_one',
      WECHAT_APP_SECRET: 'the-secret',
    };
    const set = { ...Object.fromEntries(entries), ...account };
    const [example, plain] = [set, account].map((environment) => {
      const { wechatToken, ...settings } = loadSettings(environment);
      return { ...settings, ...resolveOptions(wechatToken) };
    });
    expect(example).toEqual(plain);
  });
});

describe('the pages that users read', () => {
  it('every block of TypeScript compiles, or stands so in the sample', async () => {
    const folder = join(PROJECT, '.cache/docs');
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const sample = SAMPLES.flatMap((name) => {
      const src = join(PROJECT, 'samples', name, 'src');
      return readdirSync(src).map((file) =>
        read(join('samples', name, 'src', file)),
      );
    }).join('\n');
    const alone = PAGES.flatMap((page) => blocks(page, 'ts')).filter(
      (code) => !sample.includes(code),
    );
    expect(alone.length).toBeGreaterThan(5);
    for (const [index, code] of alone.entries())
      writeFileSync(
        join(folder, `block-${index}.mts`),
        `${code}\nexport {};\n`,
      );
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({
        extends: '../../tsconfig.json',
        compilerOptions: {
          noEmit: true,
          noUnusedLocals: false,
          incremental: false,
          // The package as it is built.
          paths: {},
        },
        include: ['*.mts'],
        exclude: [],
      }),
    );

    const tsc = join(PROJECT, 'node_modules/typescript/bin/tsc');
    const { stdout } = await run(process.execPath, [tsc, '-p', folder]).catch(
      (failed: { stdout: string }) => failed,
    );

    expect(stdout).toBe('');
  }, 300_000);

  it.each(READMES)(
    '%s has no line that is too wide, except in tables and addresses',
    (page) => {
      const lines = read(page).split('\n');
      const tooWide = lines.filter(
        (line) => !/^\||^\[.+\]: /.test(line) && columnsOf(line) > MAX_COLUMNS,
      );
      expect(tooWide).toEqual([]);
    },
  );

  it.each(READMES)(
    '%s has the install line, the module and the demo on its first screen',
    (page) => {
      const screen = read(page).split('\n', FIRST_SCREEN_LINES).join('\n');
      const [module = ''] = blocks(page, 'ts');
      expect(module).toContain('WechatTokenModule.forRoot(');
      expect(module.trimEnd().split('\n').length).toBeLessThanOrEqual(
        MAX_MODULE_LINES,
      );
      const places = [
        'npm install nestjs-wechat-token ',
        module,
        'npm ci && npm run demo\n',
      ].map((text) => screen.indexOf(text));
      expect(places).not.toContain(-1);
      expect(places).toEqual(places.toSorted((a, b) => a - b));
    },
  );

  it('name all settings, in both languages, and no others', () => {
    const inTheApp = settingsOfTheApp();
    for (const page of READMES) {
      const named = settingsIn(read(page));
      named.delete('WECHAT_API_ERROR');
      expect([...named].toSorted(), page).toEqual([...inTheApp].toSorted());
    }
  });

  it('have no link that leads nowhere, and READMEs none that npm shows without the repository', () => {
    const { homepage } = JSON.parse(read('package.json')) as Manifest;
    const [repository = ''] = homepage.split('#');
    for (const page of PAGES)
      for (const target of linksOf(page)) {
        const where = `${page}: ${target}`;
        const [, own] = target.split(new RegExp(`^${repository}/\\w+/main/`));
        if (!own && /^https?:/.test(target)) continue;
        if (READMES.includes(page)) expect(own, where).toBeDefined();
        const file = own ?? join(dirname(page), target);
        expect(existsSync(join(PROJECT, file)), where).toBe(true);
      }
  });

  it.each(READMES)('%s has an address for each link that is a word', (page) => {
    const text = read(page);
    const words = text.matchAll(/(?<!!)\[[^\]`]+\]\[([^\]]+)\]/g);
    const used = [...words].map(([, word = '']) => word);
    expect(used.length).toBeGreaterThan(1);
    for (const word of used) expect(text).toContain(`\n[${word}]: https://`);
  });

  it('reliability.md: every promise names a test that there is', () => {
    const page = read('docs/reliability.md');
    const promises = page.match(/^\| R\d+ .*$/gm) ?? [];
    expect(promises.length).toBeGreaterThan(30);
    for (const promise of promises) {
      const [, file = '', title = ''] =
        /\]\(\.\.\/(test\/[\w./-]+)\): “([^”]+)” +\|$/.exec(promise) ?? [];
      expect(file, promise).not.toBe('');
      expect(read(file), promise).toContain(title);
    }
  });

  it('security.md: every promise names a test that there is', () => {
    const page = read('docs/security.md');
    const rows = page.match(/^\| (?!-|promise).*$/gm) ?? [];
    expect(rows.length).toBeGreaterThan(10);
    for (const row of rows) {
      const [, file = '', title = ''] =
        /\]\(\.\.\/((?:test|src)\/[\w./-]+)\): “([^”]+)” +\|$/.exec(row) ?? [];
      expect(file, row).not.toBe('');
      expect(read(file), row).toContain(title);
    }
  });

  it('show the same commands in both languages', () => {
    expect(blocks('README.zh-CN.md', 'sh')).toEqual(blocks('README.md', 'sh'));
  });
});
