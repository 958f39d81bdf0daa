import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/**
 * In place of a connection that was cut, such as one to a stream, `fetch` opens another, and may never use it; a server that
 * closes would wait 4 s for it. The result ends all of that kind.
 */
export function unusedConnections(server: Server): () => void {
  const open = new Set<Socket>();
  server.on('connection', (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  return () => {
    for (const socket of open) if (socket.bytesRead === 0) socket.destroy();
  };
}
