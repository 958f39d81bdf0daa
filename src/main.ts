import { ConsoleLogger } from '@nestjs/common';
import { startApp } from './app.js';
import { messages } from './config/config.messages.js';
import { explain } from './config/explain.js';
import { readSettings } from './config/settings.js';

/** Starts the app with the settings of the environment, or explains why it cannot start. */
async function main(): Promise<void> {
  try {
    const url = await startApp(await readSettings(process.env));
    // Printed at any LOG_LEVEL: scripts and operators wait for this line.
    new ConsoleLogger('App', { json: true }).log(messages.listening(url));
  } catch (error) {
    explain(error);
  }
}

/** Settles when the app listens, or will not start. */
export const done = main();
