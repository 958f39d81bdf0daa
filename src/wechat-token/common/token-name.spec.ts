import fc from 'fast-check';
import { parseTokenName, tokenName } from './token-name.js';

describe('token names', () => {
  it('the default account has none in them', () => {
    expect(tokenName('access_token', 'default')).toBe('access_token');
    expect(tokenName('jsapi_ticket', 'shop')).toBe('jsapi_ticket:shop');
  });

  it('are read back as they were made', () => {
    const kind = fc.stringMatching(/^[a-z_]{1,30}$/);
    const account = fc.stringMatching(/^[A-Za-z0-9._-]{1,64}$/);
    fc.assert(
      fc.property(kind, account, (kind, account) => {
        expect(parseTokenName(tokenName(kind, account))).toEqual({
          kind,
          account,
        });
      }),
    );
  });
});
