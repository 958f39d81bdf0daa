import { FakeWechat } from '../../src/testing/index.js';
import { tokenName } from '../../src/wechat-token/index.js';
import { type BenchAccount, benchAccounts } from '../harness/accounts.js';
import { serve } from '../harness/serve.js';

export interface WechatTally {
  readonly calls: number;
  /** When the first token was issued, epoch milliseconds. */
  readonly firstAt: number;
}

let wechat: FakeWechat;
let accounts: readonly BenchAccount[];
let firstAt = NaN;
/** The fingerprints of all tokens, by appid. */
const issued = new Map<string, string[]>();

serve({
  /** Starts a platform with `count` accounts. @returns its base URL */
  start: async (count: number) => {
    accounts = benchAccounts(count);
    wechat = await FakeWechat.start({ accounts });
    wechat.onIssue(({ appId, fingerprint }) => {
      if (issued.size === 0) firstAt = Date.now();
      issued.set(appId, [...(issued.get(appId) ?? []), fingerprint]);
    });
    return wechat.baseUrl;
  },
  calls: async () => wechat.calls.total,
  tally: async (): Promise<WechatTally> => {
    return { calls: wechat.calls.total, firstAt };
  },
  /** Names and fingerprints of the tokens of accounts that were called for exactly once, and got exactly one. */
  issuedOnce: async (): Promise<[name: string, fingerprint: string][]> =>
    accounts.flatMap(({ name, appId }) => {
      const [only, another] = issued.get(appId) ?? [];
      const isOnce = wechat.callsFor(appId).total === 1 && !another;
      return isOnce && only ? [[tokenName('access_token', name), only]] : [];
    }),
});
