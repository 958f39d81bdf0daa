import { FakeWechat } from '../../src/testing/index.js';
import { type BenchAccount, benchAccounts } from '../harness/accounts.js';
import { serve } from '../harness/serve.js';

export interface SlowWechatInput {
  readonly count: number;
  /** The tokens are of all ages up to this one. */
  readonly oldestMs: number;
  /** The time that each call takes. */
  readonly callMs: number;
}

export interface HeldToken {
  readonly value: string;
  /** Epoch milliseconds. */
  readonly issuedAt: number;
}

export interface SlowWechat {
  readonly url: string;
  /** The tokens, in the order of the accounts. */
  readonly tokens: readonly HeldToken[];
}

export interface SlowTally {
  readonly calls: number;
  /** The number of tokens issued since the start. */
  readonly issued: number;
}

let wechat: FakeWechat;
let accounts: readonly BenchAccount[];
let issued = 0;

serve({
  /** Starts a platform that takes its time, and that has issued a token for each account. */
  start: async (input: SlowWechatInput): Promise<SlowWechat> => {
    const { count, oldestMs, callMs } = input;
    accounts = benchAccounts(count);
    const startAt = Date.now() - oldestMs;
    wechat = await FakeWechat.start({ accounts, startAt: new Date(startAt) });
    const tokens = new Map<BenchAccount, HeldToken>();
    for (const [place, account] of shuffled(accounts).entries()) {
      const issuedAt = startAt + (oldestMs * place) / count;
      advanceTo(issuedAt);
      const value = wechat.otherSystemFetches(account.appId, 'stable-forced');
      tokens.set(account, { value, issuedAt });
    }
    advanceTo(Date.now());
    wechat.inject('stable', { delayMs: callMs }, { times: Infinity });
    wechat.onIssue(() => void issued++);
    const inOrder = accounts.flatMap((account) => tokens.get(account) ?? []);
    return { url: wechat.baseUrl, tokens: inOrder };
  },
  /** The next call for the account of this index gets a new token. */
  drop: async (index: number) => wechat.drop(accounts[index]?.appId),
  tally: async (): Promise<SlowTally> => {
    return { calls: wechat.calls.stable, issued };
  },
});

function advanceTo(instant: number): void {
  wechat.advance(Math.max(0, instant - wechat.now()) / 1000);
}

/** The same order each time, but not that of the names: an appid is a hash. */
function shuffled(all: readonly BenchAccount[]): BenchAccount[] {
  return all.toSorted((a, b) => (a.appId < b.appId ? -1 : 1));
}
