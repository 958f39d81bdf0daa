import { FakeWechat } from '../../src/testing/index.js';
import { benchAccounts } from '../harness/accounts.js';
import { serve } from '../harness/serve.js';

export interface WechatTally {
  readonly calls: number;
  /** The number of accounts that were called for exactly once. */
  readonly once: number;
  /** When the first token was issued, epoch milliseconds. */
  readonly firstAt: number;
}

let wechat: FakeWechat;
let appIds: readonly string[];
let firstAt = NaN;

serve({
  /** Starts a platform with `count` accounts. @returns its base URL */
  start: async (count: number) => {
    const accounts = benchAccounts(count);
    appIds = accounts.map(({ appId }) => appId);
    wechat = await FakeWechat.start({ accounts });
    const stop = wechat.onIssue(() => {
      firstAt = Date.now();
      stop();
    });
    return wechat.baseUrl;
  },
  calls: async () => wechat.calls.total,
  tally: async (): Promise<WechatTally> => {
    const once = appIds.filter((appId) => wechat.callsFor(appId).total === 1);
    return { calls: wechat.calls.total, once: once.length, firstAt };
  },
});
