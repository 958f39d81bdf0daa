import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const SOURCE = join(import.meta.dirname, '../src');
const MODULE = 'wechat-token';

/** Which rooms each room may import from: data flows one way. What lies in no room is the ground that all stand on. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  accounts: [],
  store: [],
  upstream: ['accounts'],
  observe: ['store'],
  refresh: ['accounts', 'store', 'upstream', 'observe'],
  access: ['store', 'upstream', 'refresh'],
  http: ['accounts', 'store', 'observe', 'refresh', 'access'],
};

const sources = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'))
  .map((file) => ({
    file,
    text: readFileSync(join(SOURCE, file), 'utf8'),
  }));

/** Paths below src/ that a file imports. */
function importsOf({ file, text }: { file: string; text: string }): string[] {
  const found = text.matchAll(/from '(\.[^']+)\.js'/g);
  return [...found].map(([, path = '']) =>
    relative(SOURCE, join(SOURCE, dirname(file), path)),
  );
}

const roomOf = (file: string) => {
  const [top, room = ''] = file.split('/');
  return top === MODULE && room in ROOMS ? room : undefined;
};

describe('the rooms of the source', () => {
  it.each(Object.entries(ROOMS))('%s imports from %j only', (room, allowed) => {
    const inside = sources.filter(({ file }) => roomOf(file) === room);
    expect(inside).not.toHaveLength(0);
    for (const source of inside)
      for (const imported of importsOf(source)) {
        const other = roomOf(imported);
        if (other && other !== room)
          expect(allowed, `${source.file} → ${imported}`).toContain(other);
      }
  });

  it('the app imports the module as any user would', () => {
    const outside = sources.filter(({ file }) => !file.startsWith(MODULE));
    const reached = outside
      .filter(({ file }) => !file.startsWith('testing/'))
      .flatMap(importsOf)
      .filter((path) => path.startsWith(`${MODULE}/`));
    expect(new Set(reached)).toEqual(new Set([`${MODULE}/index`]));
  });

  it('only upstream/ knows HTTP and errcodes, only store/ knows SQL', () => {
    for (const { file, text } of sources) {
      if (!file.startsWith(MODULE)) continue;
      const where = `in ${file}`;
      if (roomOf(file) !== 'upstream')
        expect(text, where).not.toMatch(/'(@nestjs\/)?axios'|HttpService/);
      if (roomOf(file) !== 'store')
        expect(text, where).not.toMatch(
          /\b(SELECT|UPDATE|INSERT|DELETE) [a-z]/,
        );
    }
  });

  it('R3: no clock is read but the one that is injected', () => {
    for (const { file, text } of sources)
      if (file.startsWith(MODULE) && !file.endsWith('/clock.ts'))
        expect(text, file).not.toMatch(
          /Date\.now\(\)|new Date\(\)|performance\.now/,
        );
  });
});
