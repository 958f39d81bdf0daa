import { inspect } from 'node:util';

/**
 * A line of the log with its fields, as one object: what loggers do with further parameters differs, and some lose them.
 * nestjs-pino logs the properties, with `msg` as the text; nest-winston logs them too, and takes the text from `message`. Nest's own
 * logger prints the object: as JSON, or else as {@link inspect} shows it.
 */
export class LogLine {
  readonly msg: string;

  /** @param fields None is named `msg`, `message`, `level` or `context`. */
  constructor(msg: string, fields: object) {
    this.msg = msg;
    Object.assign(this, fields);
  }

  /** Not a property of the object itself: nestjs-pino would log the text twice. */
  get message(): string {
    return this.msg;
  }

  /** For a logger that puts it into a text. */
  toString(): string {
    return inspect(this);
  }

  /** The text and the fields on one line of a terminal. */
  [inspect.custom](_depth: number, options: object): string {
    const { msg, ...fields } = this;
    const inOneLine = { ...options, compact: true, breakLength: Infinity };
    return `${msg} ${inspect(fields, inOneLine)}`;
  }
}
