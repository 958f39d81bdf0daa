import { ConsoleLogger, type LogLevel } from '@nestjs/common';
import { LogLine } from '../wechat-token/index.js';
import { logLevelsFrom } from './log-levels.js';

/** The log contexts in which Nest reports how it builds an app, which is of use to developers only. */
const NEST_CONTEXTS = new Set<unknown>([
  'InstanceLoader',
  'NestApplication',
  'NestFactory',
  'RouterExplorer',
  'RoutesResolver',
]);

/** Logs one JSON object per line; Nest's lines about its own start have the level `debug`. */
export class AppLogger extends ConsoleLogger {
  constructor(level: LogLevel) {
    super({ json: true, logLevels: logLevelsFrom(level) });
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
}
