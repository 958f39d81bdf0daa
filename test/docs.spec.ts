import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { instance } from '@viz-js/viz';
import { PROJECT } from './support/build.js';
import { blocks, read } from './support/pages.js';
import { loadSettings } from '../src/config/settings.js';
import { IN_FILES } from '../src/config/setting-files.js';
import { resolveOptions } from '../src/wechat-token/options/options.schema.js';

const READMES = ['README.md', 'README.zh-CN.md'];
const samples = readdirSync(join(PROJECT, 'samples'));
/** All pages but the log of changes and the decisions. */
const PAGES = [
  '',
  'docs',
  'deploy',
  ...samples.map((name) => `samples/${name}`),
]
  .flatMap((folder) =>
    readdirSync(join(PROJECT, folder)).map((file) => join(folder, file)),
  )
  .filter((file) => file.endsWith('.md') && file !== 'CHANGELOG.md');
const CHINESE = PAGES.filter((page) => page.endsWith('.zh-CN.md'));
const englishOf = (page: string) => page.replace('.zh-CN.md', '.md');
const MAX_COLUMNS = 120;
const MAX_MODULE_LINES = 12;
const FIRST_SCREEN_LINES = 45;
const MAX_README_LINES = 200;
const run = promisify(execFile);

interface Manifest {
  readonly homepage: string;
  readonly engines: { readonly node: string };
  readonly peerDependencies: Readonly<Record<string, string>>;
}

const MANIFEST = JSON.parse(read('package.json')) as Manifest;

/** Where the links of a page lead. */
function linksOf(page: string): string[] {
  const text = read(page);
  const links = [
    ...text.matchAll(/\]\(([^)\s]+)\)/g),
    ...text.matchAll(/^\[.+\]: (\S+)/gm),
  ];
  return links.map(([, target = '']) => target);
}

/** The anchors of a page: those of its headings as GitHub makes them, and those that it names. */
function anchorsOf(page: string): string[] {
  const text = read(page);
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  );
  const named = text.matchAll(/<a id="([^"]+)">/g);
  return [...headings, ...[...named].map(([, id = '']) => id)];
}

const versionsIn = (text: string): string[] =>
  text.match(/\d+(?:\.\d+)*/g) ?? [];

/** Of commands: what is after a `#`, which a translation has in its language. */
const withoutComments = (commands: string) =>
  commands.replaceAll(/(^|[ \t]+)# .*$/gm, '$1#');

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
    const sample = samples
      .map((name) => join('samples', name, 'src'))
      // Those in other languages have none.
      .filter((src) => existsSync(join(PROJECT, src)))
      .flatMap((src) =>
        readdirSync(join(PROJECT, src), { recursive: true, encoding: 'utf8' })
          .filter((file) => file.endsWith('.ts'))
          .map((file) => read(join(src, file))),
      )
      .join('\n');
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

  it.each(READMES)('%s is short, and leads to the other language', (page) => {
    const text = read(page);
    const other = READMES.find((name) => name !== page);
    expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(
      MAX_README_LINES,
    );
    expect(text).toMatch(new RegExp(`\\]\\[${other}\\]`));
  });

  it.each(READMES)('%s asks for the versions of package.json', (page) => {
    const { engines, peerDependencies: peers } = MANIFEST;
    for (const [row, range = ''] of [
      ['Node(?:\\.js)?', engines.node],
      ['NestJS', peers['@nestjs/core']],
      ['TypeORM', peers['typeorm']],
      ['MySQL', peers['mysql2']],
      ['MariaDB', peers['mysql2']],
      ['PostgreSQL', peers['pg']],
      ['SQLite', peers['libsql']],
      ['SQLite', peers['better-sqlite3']],
    ] as const) {
      const [line] = new RegExp(`^\\| ${row} .*$`, 'm').exec(read(page)) ?? [];
      const versions = versionsIn(range);
      expect(versions, row).not.toEqual([]);
      for (const version of versions)
        expect(versionsIn(line ?? ''), row).toContain(
          version.replace(/(\.0)+$/, ''),
        );
    }
  });

  it.each(['larger-app-commonjs', 'tested-offline-jest'])(
    'name the packages for NestJS 11 as %s has them',
    (sample) => {
      const { dependencies } = JSON.parse(
        read(`samples/${sample}/package.json`),
      ) as { dependencies: Readonly<Record<string, string>> };
      const majorOf = (name: string) =>
        versionsIn(dependencies[name] ?? '')[0]?.split('.')[0];
      expect(majorOf('@nestjs/core')).toBe('11');
      const [install = ''] = blocks('README.md', 'sh');
      const [, named = ''] = /^# NestJS 11: (.+)$/m.exec(install) ?? [];
      const packages = named.split(' ');
      expect(packages.length).toBeGreaterThan(1);
      for (const one of packages) {
        const [, name = '', major] = /^(.+)@(\d+)$/.exec(one) ?? [];
        expect(majorOf(name), one).toBe(major);
      }
    },
  );

  it.each(['docs/settings.md', 'docs/settings.zh-CN.md'])(
    '%s names all settings, and no others',
    (page) => {
      const named = [...settingsIn(read(page))];
      expect(named.toSorted()).toEqual([...settingsOfTheApp()].toSorted());
    },
  );

  it('docs/README.md leads to every page of its folder', () => {
    const index = 'docs/README.md';
    const linked = linksOf(index).map((target) => join('docs', target));
    for (const page of PAGES)
      if (dirname(page) === 'docs' && page !== index)
        expect(linked).toContain(page);
  });

  it('show diagrams as their sources describe them: npm run diagrams', async () => {
    const viz = await instance();
    const sources = readdirSync(join(PROJECT, 'docs'))
      .filter((file) => file.endsWith('.dot'))
      .map((file) => join('docs', file));
    expect(sources).toContain('docs/token-flow.dot');
    for (const source of sources)
      expect(read(source.replace('.dot', '.svg'))).toBe(
        viz.renderString(read(source), { format: 'svg' }),
      );
  });

  it('have no link that leads nowhere, and READMEs none that npm shows without the repository', () => {
    const [repository = ''] = MANIFEST.homepage.split('#');
    for (const page of PAGES)
      for (const target of linksOf(page)) {
        const where = `${page}: ${target}`;
        const [, own] = target.split(new RegExp(`^${repository}/\\w+/main/`));
        if (!own && /^https?:/.test(target)) continue;
        if (READMES.includes(page)) expect(own, where).toBeDefined();
        const [path = '', anchor] = (own ?? target).split('#');
        const beside = path ? join(dirname(page), path) : page;
        const file = own ? path : beside;
        expect(existsSync(join(PROJECT, file)), where).toBe(true);
        if (anchor) expect(anchorsOf(file), where).toContain(anchor);
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

  it.each(CHINESE)('%s has the commands of the English page', (page) => {
    const commands = (of: string) => blocks(of, 'sh').map(withoutComments);
    expect(commands(page)).toEqual(commands(englishOf(page)));
  });

  it('docs/interop.zh-CN.md has recipes of the English page', () => {
    const recipes = (page: string) =>
      read(page).match(/^```(?:php|python).*?^```/gms) ?? [];
    const chinese = recipes('docs/interop.zh-CN.md');
    expect(chinese.length).toBeGreaterThan(5);
    expect(recipes('docs/interop.md')).toEqual(expect.arrayContaining(chinese));
  });

  it.each(PAGES.filter((page) => !CHINESE.includes(page)))(
    '%s: every block of commands names the test that runs it, or what is missing to run it here',
    (page) => {
      const before = read(page)
        .split(/^ *```sh$/m)
        .slice(0, -1);
      for (const text of before) {
        const [, spec, reason] =
          /<!-- (?:run by (test\/\S+\.spec\.ts)|not run by a test: (\S.*)) -->\s*$/.exec(
            text,
          ) ?? [];
        const where = `${page}: the block after “${text.slice(-200)}”`;
        expect(spec ?? reason, where).toBeDefined();
        // The test reads the block from the page, or says whose commands it runs.
        if (spec) expect(read(spec), where).toContain(page);
      }
    },
  );
});
