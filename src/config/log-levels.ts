import { LOG_LEVELS, type LogLevel } from '@nestjs/common';

/** The level itself and all that are graver; Nest lists them from the least grave to the gravest. */
export function logLevelsFrom(level: LogLevel): LogLevel[] {
  return LOG_LEVELS.slice(LOG_LEVELS.indexOf(level));
}
