import { ConsoleLogger, type LogLevel } from '@nestjs/common';
import { LogLine } from '../wechat-token/index.js';
import { logLevelsFrom } from './log-levels.js';

/** `auto`: pretty where a terminal shows it, JSON elsewhere. */
export type LogFormat = 'auto' | 'json' | 'pretty';

/** The log contexts in which Nest reports how it builds an app, which is of use to developers only. */
const NEST_CONTEXTS = new Set<unknown>([
  'InstanceLoader',
  'NestApplication',
  'NestFactory',
  'RouterExplorer',
  'RoutesResolver',
]);

/** Logs one line an event, as JSON or as text for people; Nest's lines about its own start have the level `debug`. */
export class AppLogger extends ConsoleLogger {
  constructor(level: LogLevel, format: LogFormat) {
    // Undefined where it is none.
    const isTerminal = Boolean(process.stdout.isTTY);
    const json = format === 'json' || (format === 'auto' && !isTerminal);
    const colors = !json && isTerminal && !process.env['NO_COLOR'];
    super({
      json,
      colors,
      logLevels: logLevelsFrom(level),
      prefix: 'wechat-token',
    });
  }

  override log(message: unknown, ...rest: unknown[]): void {
    // Nest passes the context as the last argument.
    if (NEST_CONTEXTS.has(rest.at(-1))) this.debug(message, ...rest);
    else super.log(message, ...rest);
  }

  /** The text of a line is its `message`, the fields are its `params`. */
  protected override getJsonLogObject(
    message: unknown,
    options: Parameters<ConsoleLogger['getJsonLogObject']>[1],
  ) {
    if (!(message instanceof LogLine))
      return super.getJsonLogObject(message, options);
    const { msg, ...params } = message;
    return super.getJsonLogObject(msg, { ...options, params });
  }

  /** The fields stand beside the text, and the time is one that people read too. */
  protected override stringifyJsonLogObject(
    line: ReturnType<ConsoleLogger['getJsonLogObject']>,
  ): string {
    const { level, context, message, params, pid: _, ...others } = line;
    const timestamp = new Date(line.timestamp).toISOString();
    const first = { timestamp, level, context, message };
    return super.stringifyJsonLogObject({
      ...first,
      ...params,
      ...others,
      timestamp,
    });
  }
}
