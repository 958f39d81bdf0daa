import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { FakeWechat } from '../../src/testing/index.js';
import { AppSandbox, tokenAnswer } from '../support/app-sandbox.js';

const fileOf = (name: string) =>
  fileURLToPath(new URL(`../fixtures/tls/${name}`, import.meta.url));
/** The app trusts the CA that all of the certificates are of. */
const TRUSTING = { NODE_EXTRA_CA_CERTS: fileOf('ca.crt') };

/** FakeWechat behind TLS, with one of the certificates. */
class SecureWechat implements AsyncDisposable {
  readonly asked: string[] = [];
  private readonly server: Server;

  private constructor(certificate: string, wechat: FakeWechat) {
    const cert = readFileSync(fileOf(certificate));
    const key = readFileSync(fileOf('localhost.key'));
    this.server = createServer({ cert, key }, (request, response) => {
      const { method = '', url = '' } = request;
      this.asked.push(`${method} ${url}`);
      const body = request.toArray().then((parts) => Buffer.concat(parts));
      const answer = body.then((bytes) =>
        fetch(wechat.baseUrl + url, {
          method,
          headers: { 'content-type': 'application/json' },
          ...(bytes.length > 0 && { body: bytes }),
        }),
      );
      void answer
        .then((answered) => answered.text())
        .then((text) => response.end(text));
    });
  }

  static async start(
    certificate: string,
    wechat: FakeWechat,
  ): Promise<SecureWechat> {
    const secure = new SecureWechat(certificate, wechat);
    await once(secure.server.listen(0, '127.0.0.1'), 'listening');
    return secure;
  }

  get baseUrl(): string {
    return `https://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

describe('R8, R15 TLS to WeChat', () => {
  it.concurrent(
    'works with a certificate of a CA that the app trusts',
    async () => {
      await using sandbox = await AppSandbox.create();
      const { wechat } = sandbox;
      await using secure = await SecureWechat.start('localhost.crt', wechat);
      const app = await sandbox.run({
        ...TRUSTING,
        WECHAT_API_BASE_URL: secure.baseUrl,
      });
      const { access_token: token = '' } = await tokenAnswer(app.url);
      expect(wechat.accepts(token)).toBe(true);
    },
  );

  it.concurrent.each([
    [
      'of an unknown CA',
      'localhost.crt',
      {},
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    ],
    ['of another host', 'other.crt', TRUSTING, 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['that has expired', 'expired.crt', TRUSTING, /CERT_(HAS_EXP|NOT_YET_V)/],
  ])(
    'a certificate %s is a failure of its own class, and no other host is asked',
    async (_, certificate, env, code) => {
      await using sandbox = await AppSandbox.create();
      const { wechat } = sandbox;
      await using secure = await SecureWechat.start(certificate, wechat);
      await using other = await SecureWechat.start('localhost.crt', wechat);
      const app = await sandbox.run({
        ...env,
        WECHAT_API_BASE_URL: secure.baseUrl,
        WECHAT_API_FALLBACK_URLS: other.baseUrl,
      });

      await vi.waitFor(
        () => expect(app.stderr()).toContain('"class":"certificate"'),
        { timeout: 60_000 },
      );

      const refused = `the TLS certificate of ${secure.baseUrl} was refused`;
      expect(app.stderr()).toContain(refused);
      expect(app.stderr()).toMatch(code);
      expect([...secure.asked, ...other.asked]).toEqual([]);
    },
  );
});
