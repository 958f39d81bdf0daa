import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DEFAULT_FAKE_ACCOUNT,
  FakeWechat,
  type FakeWechatOptions,
} from '../../src/testing/index.js';
import {
  type AppProcess,
  runApp,
  type SpawnedApp,
  spawnApp,
} from './run-app.js';

type Settings = Readonly<Record<string, string>>;

/** Lets in whoever has it, to every account. */
export const API_KEY = 'sandbox-key-0123456789abcdefghijklmnop';

/** The built app in processes of its own, with a FakeWechat and an empty folder for SQLite. */
export class AppSandbox implements AsyncDisposable {
  private readonly apps: SpawnedApp[] = [];

  private constructor(
    readonly wechat: FakeWechat,
    readonly folder: string,
  ) {}

  static async create(options?: FakeWechatOptions): Promise<AppSandbox> {
    const folder = mkdtempSync(join(tmpdir(), 'wechat-token-app-'));
    return new AppSandbox(await FakeWechat.start(options), folder);
  }

  /** What suffices to start the app; the given ones added, and those that are empty taken away. */
  settings(others: Settings = {}): Settings {
    const { appId, appSecret } = DEFAULT_FAKE_ACCOUNT;
    return {
      DATABASE_URL: `sqlite:${join(this.folder, 'app.sqlite')}`,
      WECHAT_APP_ID: appId,
      WECHAT_APP_SECRET: appSecret,
      WECHAT_API_BASE_URL: this.wechat.baseUrl,
      WECOM_API_BASE_URL: this.wechat.baseUrl,
      API_KEYS: apiKeys({ id: 'sandbox', key: API_KEY }),
      ...others,
    };
  }

  /** Starts the app and waits until it listens. */
  async run(others?: Settings): Promise<AppProcess> {
    const app = await runApp(this.settings(others));
    this.apps.push(app);
    return app;
  }

  /** Starts the app, which may well fail. */
  spawn(others?: Settings): SpawnedApp {
    const app = spawnApp(this.settings(others));
    this.apps.push(app);
    return app;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.apps.map((app) => app.stop('SIGKILL')));
    await this.wechat.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The setting API_KEYS; a key that names no scopes may have tokens issued. */
export function apiKeys(
  ...keys: readonly {
    id: string;
    key: string;
    scopes?: readonly string[];
    accounts?: readonly string[];
  }[]
): string {
  return JSON.stringify(
    keys.map((key) => ({ scopes: ['tokens:issue'], ...key })),
  );
}

export interface WechatAnswer {
  readonly access_token?: string;
  readonly expires_in?: number;
  readonly errcode?: number;
  readonly errmsg?: string;
}

/** `GET /cgi-bin/token` with these parameters in place of the usual ones; undefined leaves one out. */
export function askToken(
  url: string,
  params: Readonly<Record<string, string | undefined>> = {},
): Promise<Response> {
  const all = {
    grant_type: 'client_credential',
    appid: DEFAULT_FAKE_ACCOUNT.appId,
    secret: API_KEY,
    ...params,
  };
  const given = Object.entries(all).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return fetch(`${url}/cgi-bin/token?${new URLSearchParams(given).toString()}`);
}

/** The JSON that {@link askToken} is answered with. */
export async function tokenAnswer(
  ...request: Parameters<typeof askToken>
): Promise<WechatAnswer> {
  const response = await askToken(...request);
  return (await response.json()) as WechatAnswer;
}
