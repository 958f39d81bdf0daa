import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const SOURCE = join(import.meta.dirname, '../src');
const MODULE = 'wechat-token';
const CONSOLE = 'console';

/** The rooms of the module from the ground up: a file imports from its own room and from those before it, never up. */
const ROOMS = [
  'common',
  'accounts',
  'sources',
  'options',
  'cache',
  'upstream/built-in',
  'upstream',
  'store/connections',
  'store/dialects',
  'store/statements',
  'store',
  'observe',
  'renewal/policy',
  'renewal',
  'access',
  'schedule',
  'monitor',
  'http/problem',
  'http/auth',
  'http/admin',
  'http/console',
  'http/wechat-shaped',
  'http',
];
const TOP_LEVEL = [
  'index.ts',
  'wechat-token.lifecycle.ts',
  'wechat-token.module.ts',
  'wechat-token.providers.ts',
];
/** A room is read in a sitting. */
const MAX_ROOM_LINES = 1850;
const MAX_FILE_LINES = 300;
const MAX_INJECTED = 6;

interface Source {
  /** Below src/. */
  readonly file: string;
  readonly text: string;
}

const sources: readonly Source[] = readdirSync(SOURCE, {
  recursive: true,
  encoding: 'utf8',
})
  .filter((file) => /\.tsx?$/.test(file) && !file.endsWith('.spec.ts'))
  .map((file) => ({ file, text: readFileSync(join(SOURCE, file), 'utf8') }));
const ofModule = sources.filter(({ file }) => file.startsWith(`${MODULE}/`));

const files = new Set(sources.map(({ file }) => file));

/** Files below src/ that a file imports. */
function importsOf({ file, text }: Source): string[] {
  const found = text.matchAll(/from '(\.[^']+)\.js'/g);
  return [...found].map(([, path = '']) => {
    const target = relative(SOURCE, join(SOURCE, dirname(file), path));
    return files.has(`${target}.tsx`) ? `${target}.tsx` : `${target}.ts`;
  });
}

const roomOf = (file: string) => relative(MODULE, dirname(file));
const linesOf = ({ text }: Source) => text.split('\n').length - 1;

describe('the rooms of the module', () => {
  it('are these, and the top level holds index, module, providers and lifecycle only', () => {
    const rooms = new Set(ofModule.map(({ file }) => roomOf(file)));
    expect(rooms).toEqual(new Set(['', ...ROOMS, 'store/migrations']));
    const top = ofModule.filter(({ file }) => roomOf(file) === '');
    expect(top.map(({ file }) => relative(MODULE, file)).sort()).toEqual(
      TOP_LEVEL,
    );
  });

  it.each(ROOMS)('%s imports nothing from above', (room) => {
    const below = ROOMS.slice(0, ROOMS.indexOf(room) + 1);
    const inside = ofModule.filter(({ file }) => roomOf(file) === room);
    expect(inside).not.toHaveLength(0);
    for (const source of inside)
      for (const imported of importsOf(source)) {
        if (imported.startsWith(`${MODULE}/${room}/`)) continue;
        expect(below, `${source.file} → ${imported}`).toContain(
          roomOf(imported),
        );
      }
  });

  it('hold no circle of files', () => {
    const imports = new Map(
      sources.map((source) => [source.file, importsOf(source)]),
    );
    const done = new Set<string>();
    const circleFrom = (file: string, path: readonly string[]): string[] => {
      if (path.includes(file)) return [...path, file];
      if (done.has(file)) return [];
      for (const imported of imports.get(file) ?? []) {
        const circle = circleFrom(imported, [...path, file]);
        if (circle.length > 0) return circle;
      }
      done.add(file);
      return [];
    };
    for (const file of imports.keys()) expect(circleFrom(file, [])).toEqual([]);
  });

  it.each(ROOMS)(
    '%s answers one question, in the first line of its main file, and can be read in a sitting',
    (room) => {
      const inside = ofModule.filter(({ file }) => roomOf(file) === room);
      const questions = inside.filter(({ text }) => /^\/\/ .+\?\n/.test(text));
      expect(questions.map(({ file }) => file)).toHaveLength(1);
      const lines = inside.map(linesOf);
      expect(lines.reduce((one, other) => one + other)).toBeLessThanOrEqual(
        MAX_ROOM_LINES,
      );
      expect(Math.max(...lines)).toBeLessThanOrEqual(MAX_FILE_LINES);
    },
  );

  it('have no class with more than six injected dependencies but the lifecycle', () => {
    const counts = ofModule.flatMap(({ file, text }) =>
      [...text.matchAll(/\n  constructor\(([^{]*)\) \{/g)].map(
        ([, parameters = '']) => ({
          file,
          injected: parameters.match(/^ {4}\S.*: \w+/gm)?.length ?? 0,
        }),
      ),
    );
    expect(counts.length).toBeGreaterThan(20);
    const tooMany = counts.filter(({ injected }) => injected > MAX_INJECTED);
    expect(tooMany.map(({ file }) => file)).toEqual([
      `${MODULE}/wechat-token.lifecycle.ts`,
    ]);
  });
});

describe('what a room keeps to itself', () => {
  it('the app imports the module as any user would', () => {
    const outside = sources.filter(({ file }) => !file.startsWith(MODULE));
    const reached = outside
      .filter(({ file }) => !/^(testing|console)\//.test(file))
      .flatMap(importsOf)
      .filter((path) => path.startsWith(`${MODULE}/`));
    expect(new Set(reached)).toEqual(new Set([`${MODULE}/index.ts`]));
  });

  it('the console imports the shapes of requests and responses, and nothing else', () => {
    const ofConsole = sources.filter(({ file }) =>
      file.startsWith(`${CONSOLE}/`),
    );
    expect(ofConsole).not.toHaveLength(0);
    for (const source of ofConsole) {
      for (const path of importsOf(source))
        if (!path.startsWith(`${CONSOLE}/`))
          expect(path, source.file).toMatch(/^wechat-token\/.*\.types\.ts$/);
      // A value of the server would bring the server along.
      expect(source.text, source.file).not.toMatch(
        /^import (?!type )[^;]*from '[^']*wechat-token\//m,
      );
    }
  });

  it('only upstream/ knows HTTP and errcodes, only store/ knows SQL', () => {
    for (const { file, text } of ofModule) {
      const where = `in ${file}`;
      if (roomOf(file) !== 'upstream')
        expect(text, where).not.toMatch(/'(@nestjs\/)?axios'|HttpService/);
      if (!roomOf(file).startsWith('store'))
        expect(text, where).not.toMatch(
          /\b(SELECT|UPDATE|INSERT|DELETE) [a-z]/,
        );
    }
  });

  it('R3: no clock is read but the one that is injected', () => {
    for (const { file, text } of ofModule)
      if (!file.endsWith('/clock.ts'))
        expect(text, file).not.toMatch(
          /Date\.now\(\)|new Date\(\)|performance\.now/,
        );
  });
});
