import { parseArgs } from 'node:util';
import { messages } from './config.messages.js';
import { UsageError } from './start-error.js';

/** What the process is to do; by default it starts the app. */
export type Command = 'start' | 'check' | 'help' | 'version';

const OPTIONS = {
  check: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const;

/** @throws UsageError that names the argument that is not known. */
export function readCommand(args: readonly string[]): Command {
  const { tokens } = parseArgs({
    args: [...args],
    options: OPTIONS,
    strict: false,
    tokens: true,
  });
  const commands = tokens.map((token): Command => {
    if (token.kind === 'option' && token.value === undefined)
      switch (token.name) {
        case 'check':
        case 'help':
        case 'version':
          return token.name;
      }
    // A value may be a secret.
    const name = token.kind === 'option' ? token.rawName : args[token.index];
    throw new UsageError(messages.unknownArgument(name ?? ''));
  });
  if (new Set(commands).size > 1)
    throw new UsageError(messages.severalCommands());
  return commands[0] ?? 'start';
}
