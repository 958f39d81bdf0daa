import { once } from 'node:events';
import { createServer, request } from 'node:http';

const CHECK_INTERVAL_MS = 1000;

/** Sends requests in turn to the replicas that are ready; to the others only when none of those answers. */
export async function startProxy(replicas, port) {
  let ready = replicas;
  const check = async () => {
    const answers = await Promise.all(replicas.map(isReady));
    ready = replicas.filter((_, index) => answers[index]);
  };
  const checks = setInterval(() => void check(), CHECK_INTERVAL_MS);

  const forward = (incoming, outgoing, [url, ...others]) => {
    if (!url) return outgoing.writeHead(502, { 'Retry-After': 1 }).end();
    const { method, headers, socket } = incoming;
    const forwarded = request(url + incoming.url, {
      method,
      // The app counts wrong keys for each client.
      headers: { ...headers, 'x-forwarded-for': socket.remoteAddress },
    });
    forwarded.on('response', (answer) => {
      outgoing.writeHead(answer.statusCode, answer.headers);
      answer.on('error', () => outgoing.destroy()).pipe(outgoing);
    });
    forwarded.on('error', () => {
      if (outgoing.headersSent || outgoing.destroyed) outgoing.destroy();
      // A read may be made twice. Of any other request the body is gone.
      else forward(incoming, outgoing, method === 'GET' ? others : []);
    });
    outgoing.once('close', () => forwarded.destroy());
    if (method === 'GET') forwarded.end();
    else incoming.pipe(forwarded);
  };

  let turn = 0;
  const server = createServer((incoming, outgoing) => {
    const first = turn++ % Math.max(ready.length, 1);
    const inTurn = [...ready.slice(first), ...ready.slice(0, first)];
    const others = replicas.filter((url) => !ready.includes(url));
    forward(incoming, outgoing, [...inTurn, ...others]);
  });
  // Longer than clients keep an idle connection.
  server.keepAliveTimeout = 75_000;
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    async stop() {
      clearInterval(checks);
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Whether a replica says that it can serve. */
export async function isReady(url) {
  try {
    const signal = AbortSignal.timeout(CHECK_INTERVAL_MS);
    const answer = await fetch(`${url}/health/ready`, { signal });
    await answer.text();
    return answer.ok;
  } catch {
    return false;
  }
}
