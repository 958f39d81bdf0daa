// Several replicas of the built app in one process, all started at once. Loading the app takes far longer than starting it.
import { startApp } from '../../../dist/app.js';
import { loadSettings } from '../../../dist/config/settings.js';

const start = () => startApp(loadSettings(process.env));
const count = Number(process.argv[2]);
const urls = await Promise.all(Array.from({ length: count }, start));
process.stdout.write(urls.map((url) => `listens on ${url}\n`).join(''));
