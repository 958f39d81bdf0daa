import { startApp } from './app.js';
import { AppLogger } from './config/app-logger.js';
import { messages } from './config/config.messages.js';
import { explain } from './config/explain.js';
import { readSettings } from './config/settings.js';
import { LogLine } from './wechat-token/index.js';

/** Starts the app with the settings of the environment, or explains why it cannot start. */
async function main(): Promise<void> {
  try {
    const settings = await readSettings(process.env);
    const url = await startApp(settings);
    // Printed at any LOG_LEVEL: scripts and operators wait for this line.
    const line = new LogLine(messages.listening(url), { url });
    new AppLogger('log', settings.logFormat).log(line, 'App');
  } catch (error) {
    explain(error);
  }
}

/** Settles when the app listens, or will not start. */
export const done = main();
