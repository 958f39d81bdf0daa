import { UpstreamError } from './failure.js';
import { toIssued } from './issued-token.js';
import { refusal } from './refusal.js';
import { WECHAT_SECRET_ERRCODES } from './built-in/wechat-errcodes.js';

const platform = {
  name: 'WeChat',
  baseUrl: 'https://api.weixin.qq.com',
  setting: 'api.baseUrl (WECHAT_API_BASE_URL)',
};
const good = { value: 'abc', expiresIn: 7200 };
const parse = (answer: { value?: unknown; expiresIn?: unknown }) =>
  toIssued({ ...good, ...answer }, platform);

describe('R6 no garbage is believed', () => {
  it('a token and its life', () => {
    expect(parse(good)).toEqual({ value: 'abc', lifeMs: 7_200_000 });
  });

  it('a life that is given as a string', () => {
    expect(parse({ ...good, expiresIn: '7200' }).lifeMs).toBe(7_200_000);
  });

  it.each([
    ['no token', { value: undefined }],
    ['an empty token', { value: '' }],
    ['a number', { value: 7 }],
    ['white space', { value: 'a b' }],
    ['a line break', { value: 'a\n' }],
    ['beyond ASCII', { value: '令牌' }],
    ['an endless token', { value: 'a'.repeat(8193) }],
    ['no life', { expiresIn: undefined }],
    ['no life left', { expiresIn: 0 }],
    ['a negative life', { expiresIn: -1 }],
    ['a fraction', { expiresIn: 1.5 }],
    ['text', { expiresIn: '2 hours' }],
    ['a fraction that is a string', { expiresIn: '1.5' }],
    ['a life beyond belief', { expiresIn: 1e9 }],
    ['infinity', { expiresIn: Infinity }],
  ])('refuses %s', (_, change) => {
    const refused = () => parse({ ...good, ...change });
    expect(refused).toThrow(UpstreamError);
    expect(refused).toThrow(expect.objectContaining({ class: 'transient' }));
  });

  it('a refusal names the setting to correct', () => {
    const refused = (errcode: number) =>
      refusal({
        errcode,
        errmsg: '',
        reaction: WECHAT_SECRET_ERRCODES.get(errcode) ?? { class: 'transient' },
        platform,
      });
    expect(refused(40125).message).toMatch(/WECHAT_APP_SECRET/);
    expect(refused(40013).message).toMatch(/WECHAT_APP_ID/);
    expect(refused(40164)).toMatchObject({ class: 'ip', errcode: 40164 });
  });
});
