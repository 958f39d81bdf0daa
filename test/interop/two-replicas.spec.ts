import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { API_KEY } from '../support/app-sandbox.js';
import { PROJECT } from '../support/build.js';
import { PYTHON } from '../support/tools.js';
import { easyWechat, findPhp } from './php-client.js';
import { pythonClient } from './python-client.js';
import { NODE_SDKS, type SdkClient, type SetUp } from './sdk-clients.js';

/** WeChat and two replicas of the token server on one address: one takes reports and has the replacement, the other still has the dead token. */
class TwoReplicas implements AsyncDisposable {
  readonly seen: string[] = [];
  private readonly server = createServer((incoming, outgoing) => {
    void (async () => {
      const url = new URL(incoming.url ?? '', 'http://any');
      const body = (await incoming.toArray()).join('');
      const isAllowed =
        incoming.headers.authorization === `Bearer ${API_KEY}` ||
        url.pathname.startsWith('/cgi-bin/');
      outgoing.writeHead(isAllowed ? 200 : 401, {
        'content-type': 'application/json',
      });
      outgoing.end(JSON.stringify(this.answer(url, body)));
    })();
  });

  static async start(): Promise<TwoReplicas> {
    const replicas = new TwoReplicas();
    replicas.server.listen(0, '127.0.0.1');
    await once(replicas.server, 'listening');
    return replicas;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  private answer({ pathname, searchParams }: URL, body: string): object {
    if (pathname === '/wechat-tokens/access_token') return token('dead');
    if (pathname === '/wechat-tokens/access_token/rejected') {
      const { value } = JSON.parse(body) as { value: string };
      this.seen.push(`report of ${value}`);
      return token('alive');
    }
    const used = searchParams.get('access_token');
    this.seen.push(`call with ${used}`);
    return used === 'alive'
      ? { errcode: 0, errmsg: 'ok', ip_list: ['203.0.113.10'] }
      : { errcode: 40001, errmsg: 'not latest' };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }
}

const token = (value: string) => ({
  name: 'access_token',
  value,
  expiresIn: 7000,
  expiresAt: new Date(Date.now() + 7_000_000).toISOString(),
  version: 1,
});

/** The example of a sample, in a process with an empty folder. */
const sample =
  (findProgram: () => string, file: string): SetUp =>
  async ({ server, key }, wechatUrl) => {
    const folder = mkdtempSync(join(tmpdir(), 'wechat-token-replicas-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const env = {
      TOKEN_SERVER: server,
      TOKEN_KEY: key,
      TOKEN_FOLDER: join(folder, 'token'),
      WECHAT_API_BASE_URL: wechatUrl,
      TOKEN_TIMEOUT: '120',
      PYTHONDONTWRITEBYTECODE: '1',
    };
    const run = promisify(execFile);
    return {
      call: async () =>
        void (await run(findProgram(), [join(PROJECT, 'samples', file)], {
          env,
        })),
    };
  };

it.each<readonly [string, SetUp]>([
  ...NODE_SDKS,
  ['wechatpy', pythonClient],
  ['EasyWeChat', easyWechat],
  ['the sample in Python', sample(() => PYTHON, 'python-client/example.py')],
  ['the sample in PHP', sample(findPhp, 'php-client/example.php')],
])(
  '%s retries with the replacement, not with what another replica still has',
  async (_name, setUp) => {
    await using replicas = await TwoReplicas.start();
    const access = { server: replicas.url, key: API_KEY };
    const client: SdkClient & Partial<AsyncDisposable> = await setUp(
      access,
      replicas.url,
    );
    try {
      await client.call();
    } finally {
      await client[Symbol.asyncDispose]?.();
    }
    expect(replicas.seen).toEqual([
      'call with dead',
      'report of dead',
      'call with alive',
    ]);
  },
);
