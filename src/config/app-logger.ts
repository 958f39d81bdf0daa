import { ConsoleLogger, type LogLevel } from '@nestjs/common';
import { logLevelsFrom } from './log-levels.js';

/** Where Nest tells how it builds an app: news to its developer, not to those who run it. */
const NEST = new Set<unknown>([
  'InstanceLoader',
  'NestApplication',
  'NestFactory',
  'RouterExplorer',
  'RoutesResolver',
]);

/** One JSON object a line; what Nest says of its own start is `debug`. */
export class AppLogger extends ConsoleLogger {
  constructor(level: LogLevel) {
    super({ json: true, logLevels: logLevelsFrom(level) });
  }

  override log(message: unknown, ...rest: unknown[]): void {
    // Nest passes the context last.
    if (NEST.has(rest.at(-1))) this.debug(message, ...rest);
    else super.log(message, ...rest);
  }
}
