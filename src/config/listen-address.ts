import { once } from 'node:events';
import { createServer } from 'node:net';
import { messages } from './config.messages.js';
import { StartError } from './start-error.js';

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * Takes the address for a moment: an app that cannot listen must say so before it renews a token.
 * @throws StartError when it cannot be had.
 */
export async function probeAddress(address: ListenAddress): Promise<void> {
  const server = createServer();
  try {
    await once(server.listen(address), 'listening');
    await new Promise((resolve) => server.close(resolve));
  } catch (error) {
    throw listenError(error, address);
  }
}

/** What to tell of an address that cannot be listened on; another error as it is. */
export function listenError(
  error: unknown,
  { host, port }: ListenAddress,
): unknown {
  switch (error instanceof Error && 'code' in error && error.code) {
    case 'EADDRINUSE':
      return new StartError(messages.portTaken(host, port));
    case 'EACCES':
      return new StartError(messages.portForbidden(port));
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new StartError(messages.hostUnknown(host));
    default:
      return error;
  }
}
