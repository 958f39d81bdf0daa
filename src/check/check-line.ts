/** What was found: `fault` keeps the app from its work, `warning` does not, `left out` was not looked at. */
export type Finding = 'ok' | 'warning' | 'fault' | 'left out';

/** A line of the table. */
export interface CheckLine {
  readonly subject: string;
  readonly finding: Finding;
  /** What was found and, of a fault or a warning, what to do about it. */
  readonly detail: string;
}

/** The table as text, each line with a line feed. */
export function tableOf(lines: readonly CheckLine[]): string {
  const findingWidth = widest(lines.map(({ finding }) => finding));
  const subjectWidth = widest(lines.map(({ subject }) => subject));
  return lines
    .map(({ finding, subject, detail }) => {
      const head = `${finding.padEnd(findingWidth)}  ${subject.padEnd(subjectWidth)}  `;
      const indent = ' '.repeat(head.length);
      return `${head}${detail.replaceAll('\n', `\n${indent}`)}\n`;
    })
    .join('');
}

function widest(texts: readonly string[]): number {
  return Math.max(...texts.map((text) => text.length));
}
