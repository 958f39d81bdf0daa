import { Logger } from '@nestjs/common';
import { startApp } from './app.js';
import { messages } from './config/config.messages.js';
import { explain } from './config/explain.js';
import { loadSettings } from './config/settings.js';

try {
  const url = await startApp(loadSettings(process.env));
  new Logger('App').log(messages.listening(url));
} catch (error) {
  explain(error);
}
