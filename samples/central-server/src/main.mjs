import { startDatabase } from './database.mjs';
import { print } from './print.mjs';
import { startProxy } from './proxy.mjs';
import { startReplica } from './replica.mjs';

const { PORT = '3000', DATABASE_URL } = process.env;

/** Parts that have been started, each with a `stop()`. */
const running = [];

/** Once, however many signals there are. */
let stopping;

function stop(exitCode) {
  stopping ??= stopAll().then(() => process.exit(exitCode));
  return stopping;
}

/** The last first: the replicas need the database until they have ended. */
async function stopAll() {
  for (const part of running.toReversed()) await part.stop();
}

async function start() {
  const database = DATABASE_URL ? undefined : await startDatabase();
  if (database) running.push(database);

  const databaseUrl = DATABASE_URL || database.url;
  const replicas = [1, 2].map((number) => startReplica(number, databaseUrl));
  running.push(...replicas);
  const urls = await Promise.all(replicas.map(({ url }) => url));

  const proxy = await startProxy(urls, Number(PORT));
  running.push(proxy);
  print(`The token server listens on ${proxy.url} until Ctrl-C stops it.`);
  return {
    url: proxy.url,
    databaseUrl,
    async restart() {
      for (const replica of replicas) await replica.restart();
    },
  };
}

process.on('SIGINT', () => stop(0)).on('SIGTERM', () => stop(0));

/**
 * `url`: of the proxy, such as `http://127.0.0.1:3000`. `restart()`: of the replicas, the second when the first is ready
 * again.
 */
export const { url, databaseUrl, restart } = await start().catch((error) => {
  process.stderr.write(`${error.message}\n`);
  return stop(1);
});
