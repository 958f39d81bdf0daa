import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { TcpProxy } from './tcp-proxy.js';

/** Long enough for a byte to cross this machine many times. */
const NOTHING_COMES_MS = 100;

/** An echo server that records its input. */
async function startEcho() {
  const heard: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => heard.push(chunk.toString()));
    socket.pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    heard,
    sockets,
    url: `tcp://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

async function dial(proxy: TcpProxy) {
  const socket = connect(proxy.port, '127.0.0.1');
  socket.on('error', () => undefined);
  let answered = '';
  socket.on('data', (chunk) => (answered += chunk.toString()));
  await once(socket, 'connect');
  return { socket, answered: () => answered };
}

describe('a TCP proxy', () => {
  it('passes bytes on in both directions, and the end', async () => {
    await using echo = await startEcho();
    await using proxy = await TcpProxy.start(echo.url);
    const { socket, answered } = await dial(proxy);
    const large = 'x'.repeat(1_000_000);

    socket.end(large);
    await once(socket, 'close');

    expect(answered()).toBe(large);
    await vi.waitFor(() => expect(echo.sockets.size).toBe(0));
  });

  it('as a black hole keeps every connection, and lets go on what it held', async () => {
    await using echo = await startEcho();
    await using proxy = await TcpProxy.start(echo.url);
    const old = await dial(proxy);
    old.socket.write('one ');
    await vi.waitFor(() => expect(old.answered()).toBe('one '));

    await proxy.blackHole();
    const fresh = await dial(proxy);
    old.socket.write('two ');
    fresh.socket.write('three ');
    await wait(NOTHING_COMES_MS);
    expect(echo.heard).toEqual(['one ']);
    expect(old.socket.closed || fresh.socket.closed).toBe(false);

    await proxy.passThrough();
    await vi.waitFor(() => {
      expect(old.answered()).toBe('one two ');
      expect(fresh.answered()).toBe('three ');
    });
  });

  it('as a black hole lets neither side see that the other is gone; data sent before still arrives', async () => {
    await using echo = await startEcho();
    await using proxy = await TcpProxy.start(echo.url);
    const { socket } = await dial(proxy);
    socket.write('here');
    await vi.waitFor(() => expect(echo.sockets.size).toBe(1));

    await proxy.blackHole();
    socket.end(' a last word');
    await wait(NOTHING_COMES_MS);
    expect(echo.sockets.size).toBe(1);

    await proxy.passThrough();
    await vi.waitFor(() => {
      expect(echo.heard.join('')).toBe('here a last word');
      expect(echo.sockets.size).toBe(0);
    });
  });

  it('refuses: ends all connections, takes no new one, and comes back on the same port', async () => {
    await using echo = await startEcho();
    await using proxy = await TcpProxy.start(echo.url);
    const { port } = proxy;
    const old = await dial(proxy);

    await proxy.refuse();
    await vi.waitFor(() => expect(old.socket.closed).toBe(true));
    await expect(dial(proxy)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await vi.waitFor(() => expect(echo.sockets.size).toBe(0));

    await proxy.passThrough();
    expect(proxy.port).toBe(port);
    const fresh = await dial(proxy);
    fresh.socket.write('again');
    await vi.waitFor(() => expect(fresh.answered()).toBe('again'));
  });

  it('leads to a server that is named later, by way of its own address', async () => {
    await using echo = await startEcho();
    await using proxy = await TcpProxy.start();

    proxy.leadTo(echo.url);

    const { socket, answered } = await dial(proxy);
    socket.write('found');
    await vi.waitFor(() => expect(answered()).toBe('found'));
    expect(proxy.through('mysql://root:pw@db.example:3306/app')).toBe(
      `mysql://root:pw@127.0.0.1:${proxy.port}/app`,
    );
  });

  it('ends the other side when one is reset', async () => {
    await using echo = await startEcho();
    await using proxy = await TcpProxy.start(echo.url);
    const { socket, answered } = await dial(proxy);
    socket.write('hello');
    await vi.waitFor(() => expect(answered()).toBe('hello'));

    socket.resetAndDestroy();

    await vi.waitFor(() => expect(echo.sockets.size).toBe(0));
  });
});
