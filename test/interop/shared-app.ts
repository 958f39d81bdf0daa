import type { FakeWechat } from '../../src/testing/index.js';
import { AppSandbox } from '../support/app-sandbox.js';
import type { AppProcess } from '../support/run-app.js';

/** More than there are tests in a file. */
const ACCOUNTS = 30;

/** What WeChat has seen of one account. */
export interface OwnAccount {
  readonly appId: string;
  /** The name of its access token. */
  readonly tokenName: string;
  readonly business: number;
  readonly issued: number;
  /** Its calls that were refused for their token. */
  readonly refused: number;
}

/** One app for the tests of a file, which run one after the other: each has an account of its own in place of a process. */
export class SharedApp implements AsyncDisposable {
  private used = 0;

  private constructor(
    readonly sandbox: AppSandbox,
    readonly app: AppProcess,
  ) {}

  static async start(
    settings?: Readonly<Record<string, string>>,
  ): Promise<SharedApp> {
    const accounts = Array.from({ length: ACCOUNTS }, (_, i) => ({
      name: `account-${i}`,
      appId: `wx_account_${i}`,
      appSecret: `secret-${i}-0123456789abcdef`,
    }));
    const sandbox = await AppSandbox.create();
    for (const account of accounts) sandbox.wechat.addAccount(account);
    const app = await sandbox.run({
      WECHAT_ACCOUNTS: JSON.stringify(accounts),
      ...settings,
    });
    return new SharedApp(sandbox, app);
  }

  get wechat(): FakeWechat {
    return this.sandbox.wechat;
  }

  /** An account that no test has used yet. */
  nextAccount(): OwnAccount {
    const { wechat } = this;
    const number = this.used++;
    if (number >= ACCOUNTS) throw new Error('Raise ACCOUNTS.');
    const appId = `wx_account_${number}`;
    const refusedBefore = wechat.refused;
    return {
      appId,
      tokenName: `access_token:account-${number}`,
      get business() {
        return wechat.callsFor(appId).business;
      },
      get issued() {
        return wechat.issued(appId);
      },
      get refused() {
        return wechat.refused - refusedBefore;
      },
    };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.sandbox[Symbol.asyncDispose]();
  }
}
