import { ManualClock } from '../../testing/index.js';
import type { WechatAccount } from '../accounts/account.js';
import { Accounts } from '../accounts/accounts.js';
import { KnownAccounts } from './known-accounts.js';

const account = (name: string): WechatAccount => ({
  name,
  appId: `wx_${name}`,
  appSecret: 's',
});

function knownBy(find: (name: string) => WechatAccount | undefined) {
  const clock = new ManualClock();
  const finding = vi.fn(find);
  const accounts = new Accounts({ find: finding, list: () => [] });
  return { clock, finding, known: new KnownAccounts(accounts, clock) };
}

describe('R11 the accounts that callers name', () => {
  it('are looked up once a minute', async () => {
    const { clock, finding, known } = knownBy(account);
    for (let call = 0; call < 10; call++) await known.get('shop');
    expect(finding).toHaveBeenCalledTimes(1);
    await clock.advance(60_000);
    expect(await known.get('shop')).toMatchObject({ appId: 'wx_shop' });
    expect(finding).toHaveBeenCalledTimes(2);
  });

  it('stay known while their source is away, and not when they were removed', async () => {
    let isAway = true;
    const { clock, finding, known } = knownBy(account);
    await known.get('shop');
    finding.mockImplementation(() => {
      if (isAway) throw new Error('no connection');
      return undefined;
    });
    await clock.advance(60_000);
    expect(await known.get('shop')).toMatchObject({ name: 'shop' });
    await expect(known.get('other')).rejects.toMatchObject({
      code: 'ACCOUNT_SOURCE',
    });
    isAway = false;
    await expect(known.get('shop')).rejects.toMatchObject({
      code: 'UNKNOWN_ACCOUNT',
    });
  });

  it('are 10,000 at most', async () => {
    const { finding, known } = knownBy(account);
    for (let n = 0; n <= 10_000; n++) await known.get(`a${n}`);
    finding.mockClear();
    await known.get('a1');
    expect(finding).not.toHaveBeenCalled();
    await known.get('a0');
    expect(finding).toHaveBeenCalledTimes(1);
  });
});
