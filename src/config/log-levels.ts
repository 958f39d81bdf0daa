import { LOG_LEVELS, type LogLevel } from '@nestjs/common';

/** The level and all more severe ones; Nest lists the levels in ascending severity. */
export function logLevelsFrom(level: LogLevel): LogLevel[] {
  return LOG_LEVELS.slice(LOG_LEVELS.indexOf(level));
}
