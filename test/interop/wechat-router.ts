import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One host for an SDK that has one for everything: the endpoints of tokens and tickets are the app's, all else is WeChat's. */
export interface WechatRouter extends AsyncDisposable {
  readonly url: string;
}

const TOKEN_ENDPOINT =
  /^\/cgi-bin\/(?:(?:stable_|get)?token|ticket\/get(?:ticket)?|get_jsapi_ticket)(?:\?|$)/;

export async function routeTokensTo(
  appUrl: string,
  wechatUrl: string,
): Promise<WechatRouter> {
  const server = createServer((incoming, outgoing) => {
    const path = incoming.url ?? '/';
    const host = TOKEN_ENDPOINT.test(path) ? appUrl : wechatUrl;
    const { method, headers } = incoming;
    const forwarded = request(new URL(path, host), { method, headers });
    forwarded.on('response', (response) => {
      outgoing.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(outgoing);
    });
    forwarded.on('error', () => outgoing.destroy());
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
