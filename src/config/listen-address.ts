import { once } from 'node:events';
import { createServer } from 'node:net';
import { messages } from './config.messages.js';
import { StartError } from './start-error.js';

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * Listens on the address for a moment: an app that cannot listen must fail before it renews a token.
 * @throws StartError when the address is not available.
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

/** The StartError for an error of listen(); any other error is returned unchanged. */
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
