import { ConsoleLogger } from '@nestjs/common';
import { startApp } from './app.js';
import { check } from './check/check.js';
import { readCommand } from './config/command-line.js';
import { messages } from './config/config.messages.js';
import { explain } from './config/explain.js';
import { packageVersion } from './config/package-version.js';
import { readSettings } from './config/settings.js';

/** Does what the command line says: by default it starts the app. */
async function main(): Promise<void> {
  try {
    switch (readCommand(process.argv.slice(2))) {
      case 'start':
        return await start();
      case 'check': {
        const { text, isSound } = await check(process.env);
        process.stdout.write(text);
        process.exitCode = isSound ? 0 : 1;
        return;
      }
      case 'help':
        process.stdout.write(messages.usage());
        return;
      case 'version':
        process.stdout.write(`${packageVersion()}\n`);
        return;
    }
  } catch (error) {
    explain(error);
  }
}

/** Starts the app with the settings of the environment. */
async function start(): Promise<void> {
  const url = await startApp(await readSettings(process.env));
  // Printed at any LOG_LEVEL: scripts and operators wait for this line.
  new ConsoleLogger('App', { json: true }).log(messages.listening(url));
}

/** Settles when the app listens, or will not start, or the command has ended. */
export const done = main();
