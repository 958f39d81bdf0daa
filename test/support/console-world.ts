import type { FakeWechatOptions } from '../../src/testing/index.js';
import { DEFAULT_FAKE_ACCOUNT } from '../../src/testing/index.js';
import { TcpProxy } from '../chaos/support/tcp-proxy.js';
import { apiKeys, AppSandbox } from './app-sandbox.js';
import { PATIENCE_MS } from './browser.js';

/** The keys of the app, by what their holder may do. */
export const KEYS = {
  operator: 'operator-0123456789-abcdefghijklmno',
  reader: 'reader-0123456789-abcdefghijklmnopq',
  program: 'program-0123456789-abcdefghijklmnop',
} as const;
export const WRONG_KEY = 'nobodys-0123456789-abcdefghijklmnop';

/** Healthy, in classic mode. */
export const KIOSK = {
  name: 'kiosk',
  appId: 'wx_kiosk_app',
  appSecret: 'kiosk-secret-0123456789abcdef',
  mode: 'classic',
  kind: 'mini-program',
} as const;
/** WeChat refuses the app's IP address for it. */
export const NEWS = {
  name: 'news',
  appId: 'wx_news_app',
  appSecret: 'news-secret-0123456789abcdefg',
} as const;
/** What the app has as its AppSecret is not what WeChat has. */
export const SHOP = {
  name: 'shop',
  appId: 'wx_shop_app',
  appSecret: 'outdated-secret-0123456789abc',
} as const;
export const OWN = DEFAULT_FAKE_ACCOUNT;

/** The built app behind a line that can be cut, with four accounts, two of which fail. */
export class ConsoleWorld implements AsyncDisposable {
  private constructor(
    readonly sandbox: AppSandbox,
    readonly line: TcpProxy,
  ) {}

  static async start(
    settings: Readonly<Record<string, string>> = {},
    options: FakeWechatOptions = {},
  ): Promise<ConsoleWorld> {
    const shop = { ...SHOP, appSecret: 'current-secret-0123456789abcd' };
    const accounts = [OWN, KIOSK, NEWS, shop];
    const sandbox = await AppSandbox.create({ accounts, ...options });
    const refused = { appId: NEWS.appId, times: Infinity };
    sandbox.wechat.inject('stable', { errcode: 40164 }, refused);
    const line = await TcpProxy.start();
    const world = new ConsoleWorld(sandbox, line);
    const app = await sandbox.run({
      WECHAT_ACCOUNTS: JSON.stringify([KIOSK, NEWS, SHOP]),
      API_KEYS: apiKeys(
        {
          id: 'operator',
          key: KEYS.operator,
          scopes: ['tokens:read', 'tokens:refresh'],
        },
        { id: 'reader', key: KEYS.reader, scopes: ['tokens:read'] },
        { id: 'program', key: KEYS.program },
      ),
      // The platform is in the process of the tests, which a busy machine may hold up.
      WECHAT_REQUEST_TIMEOUT_MS: '60000',
      WECHAT_LEASE_SECONDS: '180',
      ...settings,
    });
    line.leadTo(app.url);
    return world;
  }

  get wechat() {
    return this.sandbox.wechat;
  }

  get url(): string {
    return `http://127.0.0.1:${this.line.port}`;
  }

  get console(): string {
    return `${this.url}/admin/wechat-tokens/console`;
  }

  /** What another operator gets from the admin routes. */
  async admin<Answer>(path: string, body?: object): Promise<Answer> {
    const response = await fetch(`${this.url}/admin/wechat-tokens${path}`, {
      headers: {
        authorization: `Bearer ${KEYS.operator}`,
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { method: 'POST', body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(await response.text());
    return (await response.json()) as Answer;
  }

  /** Resolves once each account has its token, or its first refusal. */
  async settled(): Promise<void> {
    const isSettled = async () => {
      const { items } = await this.admin<{ items: Settled[] }>('');
      return items.every((one) => one.fingerprint ?? one.lastError);
    };
    await vi.waitUntil(isSettled, { timeout: PATIENCE_MS });
  }

  /** The default account's token is another one from now on. For 10 s the platform's last answer is told again (R9): it asks until then. */
  async rotate(): Promise<string> {
    this.wechat.otherSystemFetches(OWN.appId, 'stable-forced');
    const { fingerprint } = await vi.waitUntil(
      async () => {
        const answer = await this.admin<{
          outcome: string;
          fingerprint: string;
        }>('/access_token/refresh', {});
        return answer.outcome === 'refreshed' && answer;
      },
      { timeout: PATIENCE_MS, interval: 500 },
    );
    return fingerprint;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.line[Symbol.asyncDispose]();
    await this.sandbox[Symbol.asyncDispose]();
  }
}

interface Settled {
  readonly fingerprint: string | null;
  readonly lastError: object | null;
}
