import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { openDatabase } from '../../src/config/database.js';
import { parseDatabaseUrl } from '../../src/config/database-url.js';
import { databaseServers } from '../support/databases.js';
import { createDatabase } from '../support/fresh-database.js';

describe.each(databaseServers())('DATABASE_URL of $kind $version', (server) => {
  it('may have an IPv6 address', async () => {
    const fresh = await createDatabase(server);
    const url = new URL(fresh.url);
    const { hostname, port: ownPort } = url;
    const relay = createServer((client) => {
      const line = connect(Number(ownPort), hostname);
      client.pipe(line).pipe(client);
      // Either side may end first.
      for (const socket of [client, line]) socket.on('error', () => undefined);
    }).listen(0, '::1');
    await once(relay, 'listening');
    const { port } = relay.address() as AddressInfo;
    url.host = `[::1]:${port}`;

    const database = parseDatabaseUrl(url.href);
    if (!database) throw new Error(`${url.href} is refused`);
    const dataSource = await openDatabase(database, true);

    expect(await dataSource.query('SELECT name FROM system_var')).toEqual([]);
    await dataSource.destroy();
    relay.close();
    await fresh.drop();
  });
});
