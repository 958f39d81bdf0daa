import { createApp } from '../../src/app.js';
import { openDatabase } from '../../src/config/database.js';
import { loadSettings } from '../../src/config/settings.js';
import { AppSandbox } from '../support/app-sandbox.js';

/** What the app says of a connection, and what its server does. */
async function timeouts(others: Readonly<Record<string, string>>) {
  await using sandbox = await AppSandbox.create();
  const settings = loadSettings(
    sandbox.settings({ LOG_LEVEL: 'fatal', ...others }),
  );
  const dataSource = await openDatabase(settings.database, settings.migrate);
  const app = await createApp(settings, dataSource);
  await app.listen(0, settings.host);
  try {
    const { headers } = await fetch(`${await app.getUrl()}/health/live`);
    const { keepAliveTimeout, headersTimeout } = app.getHttpServer();
    return {
      told: headers.get('keep-alive'),
      keepAliveTimeout,
      headersTimeout,
    };
  } finally {
    await app.close();
  }
}

describe('a connection that a load balancer keeps open', () => {
  it('is kept longer than the 60 s of most of them', async () => {
    expect(await timeouts({})).toEqual({
      told: 'timeout=75',
      keepAliveTimeout: 75_000,
      headersTimeout: 5000,
    });
  });

  it('is kept as long as KEEP_ALIVE_TIMEOUT_MS says', async () => {
    expect(await timeouts({ KEEP_ALIVE_TIMEOUT_MS: '5000' })).toEqual({
      told: 'timeout=5',
      keepAliveTimeout: 5000,
      headersTimeout: 5000,
    });
  });
});
