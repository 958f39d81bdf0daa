import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { format } from 'prettier';

/** The part of a page that a command writes, between two markers, and nobody else. */
export interface Region {
  readonly name: string;
  /** Such as `npm run bench`. */
  readonly writtenBy: string;
  /** Of the section at the end of a page that has no such markers yet. */
  readonly title: string;
  readonly content: string;
}

/** Writes these regions of a page; all else in it stays. */
export async function writeRegions(
  page: string,
  heading: string,
  regions: readonly Region[],
): Promise<void> {
  const before = existsSync(page)
    ? readFileSync(page, 'utf8')
    : `# ${heading}\n`;
  const text = regions.reduce(withRegion, before);
  const formatted = await format(text, {
    parser: 'markdown',
    singleQuote: true,
  });
  writeFileSync(page, formatted);
}

function withRegion(
  text: string,
  { name, writtenBy, title, content }: Region,
): string {
  const [begin, end] = [
    `<!-- ${name} (written by ${writtenBy}) -->`,
    `<!-- /${name} -->`,
  ];
  const region = `${begin}\n\n${content}\n\n${end}`;
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  return from < 0 || to < from
    ? `${text}\n## ${title}\n\n${region}\n`
    : text.slice(0, from) + region + text.slice(to + end.length);
}

export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join(
    '\n',
  );
}
