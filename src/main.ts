import { Logger } from '@nestjs/common';
import { startApp } from './app.js';
import { messages } from './config/config.messages.js';
import { loadSettings } from './config/settings.js';
import { StartError } from './config/start-error.js';
import { isWechatTokenError } from './wechat-token/index.js';

try {
  const { url } = await startApp(loadSettings(process.env));
  new Logger('App').log(messages.listening(url));
} catch (error) {
  // Foreseen faults say what to do in their message; for the others the stack is all there is.
  const foreseen = error instanceof StartError || isWechatTokenError(error);
  const text = foreseen ? error.message : String((error as Error).stack);
  process.stderr.write(`${text}\n`);
  process.exitCode = 1;
}
