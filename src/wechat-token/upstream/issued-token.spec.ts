import { UpstreamError } from './failure.js';
import { parseIssued } from './issued-token.js';

const parse = (answer: Record<string, unknown>) =>
  parseIssued(answer, 'access_token', 'issue', ['the-secret']);
const good = { access_token: 'abc', expires_in: 7200 };

describe('R6 no garbage is believed', () => {
  it('a token and its life', () => {
    expect(parse(good)).toEqual({ value: 'abc', lifeMs: 7_200_000 });
  });

  it('a life that is given as a string', () => {
    expect(parse({ ...good, expires_in: '7200' }).lifeMs).toBe(7_200_000);
  });

  it('errcode 0 is no error', () => {
    expect(parse({ ...good, errcode: 0 }).value).toBe('abc');
  });

  it.each([
    ['no token', { access_token: undefined }],
    ['an empty token', { access_token: '' }],
    ['a number', { access_token: 7 }],
    ['white space', { access_token: 'a b' }],
    ['a line break', { access_token: 'a\n' }],
    ['beyond ASCII', { access_token: '令牌' }],
    ['an endless token', { access_token: 'a'.repeat(8193) }],
    ['no life', { expires_in: undefined }],
    ['no life left', { expires_in: 0 }],
    ['a negative life', { expires_in: -1 }],
    ['a fraction', { expires_in: 1.5 }],
    ['text', { expires_in: '2 hours' }],
    ['a fraction that is a string', { expires_in: '1.5' }],
    ['a life beyond belief', { expires_in: 1e9 }],
    ['infinity', { expires_in: Infinity }],
  ])('refuses %s', (_, change) => {
    const refused = () => parse({ ...good, ...change });
    expect(refused).toThrow(UpstreamError);
    expect(refused).toThrow(expect.objectContaining({ class: 'transient' }));
  });

  it('an errcode counts even beside a token, and keeps its class', () => {
    const refused = () =>
      parse({ ...good, errcode: 40164, errmsg: 'invalid ip' });
    expect(refused).toThrow(
      expect.objectContaining({ class: 'ip', errcode: 40164 }),
    );
  });

  it("WeChat's words are shown without the secret", () => {
    const answer = { errcode: 40125, errmsg: 'invalid appsecret the-secret' };
    expect(() => parse(answer)).toThrow(/invalid appsecret \*\*\*/);
  });

  it('names the setting to correct', () => {
    expect(() => parse({ errcode: 40125 })).toThrow(/WECHAT_APP_SECRET/);
    expect(() => parse({ errcode: 40013 })).toThrow(/WECHAT_APP_ID/);
  });
});
