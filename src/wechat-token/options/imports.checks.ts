import type { Type } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { ConfigurationError } from '../common/errors.js';
import { messages } from '../common/messages.js';

/** @throws ConfigurationError always: the app imports the class of the module alone. */
export function refuseBareImport(): never {
  throw refused(messages.importedWithoutOptions());
}

/** @throws ConfigurationError when the app imports the module twice: each would renew, and serve the same routes. */
export function requireOneImport(modules: ModulesContainer, type: Type): void {
  const all = [...modules.values()];
  const imported = all.filter(({ metatype }) => metatype === type);
  if (imported.length > 1) throw refused(messages.importedTwice());
}

function refused(problem: string): ConfigurationError {
  return new ConfigurationError([{ field: 'imports', problem }]);
}

/** Of `forRoot()`, and of `forRootAsync()`, of whose fields Nest ignores what it does not know. */
export function refuseTableName(extras: object): void {
  if (!('tableName' in extras)) return;
  const problem = messages.tableNamed();
  throw new ConfigurationError([{ field: 'tableName', problem }]);
}
