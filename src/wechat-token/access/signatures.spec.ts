import { createHash } from 'node:crypto';
import { isInvalidArgumentError } from '../common/errors.js';
import { cardSignature, jsapiSignature, pageUrl } from './signatures.js';

const sha1 = (text: string) => createHash('sha1').update(text).digest('hex');

describe('the signature of a page', () => {
  it('is that of the published example', () => {
    const signature = jsapiSignature({
      ticket:
        'sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg',
      nonceStr: 'Wm3WZYTPz0wzccnW',
      timestamp: 1414587457,
      url: 'http://mp.weixin.qq.com?params=value',
    });
    expect(signature).toBe('0f9de62fce790f9a083d5c99e95740ceb90c27ed');
  });

  it('has every value as it is: nothing is encoded, escaped or sorted', () => {
    const url = 'https://a.example/x?z=%E4%BD%A0&a=1&noncestr=2+3';
    const signature = jsapiSignature({
      ticket: 't&/=_-',
      nonceStr: 'N',
      timestamp: 7,
      url,
    });
    expect(signature).toBe(
      sha1(`jsapi_ticket=t&/=_-&noncestr=N&timestamp=7&url=${url}`),
    );
  });
});

describe('the signature of a card', () => {
  const code = '1434008071';
  const timestamp = '1404896688';
  const cardId = 'pjZ8Yt1XGILfi-FUsewpnnolGgZk';
  const ticket = 'ojZ8YtyVyr30HheH3CM73y7h4jJE';
  const nonce = '123';
  const published = 'f137ab68b7f8112d20ee528ab6074564e2796250';

  it('is that of the published example, in whatever order the values come', () => {
    const joined =
      '12314048966881434008071ojZ8YtyVyr30HheH3CM73y7h4jJEpjZ8Yt1XGILfi-FUsewpnnolGgZk';
    expect(sha1(joined)).toBe(published);
    const values = [code, timestamp, cardId, ticket, nonce];
    expect(cardSignature(values)).toBe(published);
    expect(cardSignature(values.toReversed())).toBe(published);
  });

  it('does not change with an empty value', () => {
    const values = ['', code, timestamp, cardId, '', ticket, nonce];
    expect(cardSignature(values)).toBe(published);
  });

  it('is sorted by code unit, which is no order of a locale', () => {
    const values = ['b', 'a', 'B', '_', '-', '10', '9', 'é', 'z'];
    const byLocale = values.toSorted((a, b) => a.localeCompare(b)).join('');
    expect(byLocale).not.toBe('-109B_abzé');
    expect(cardSignature(values)).toBe(sha1('-109B_abzé'));
  });

  it('leaves the list of the caller as it is', () => {
    const values = Object.freeze(['b', 'a']);
    cardSignature(values);
    expect(values).toEqual(['b', 'a']);
  });
});

describe('the address of a page', () => {
  it.each([
    ['http://mp.weixin.qq.com?params=value'],
    ['https://a.example'],
    ['https://a.example/'],
    ['https://a.example:8443/x/../y//z?b=2&a=1&a=&c'],
    ['https://a.example/%E4%BD%A0?q=%e5%a5%bd&r=a+b%20c&from=singlemessage'],
    ['http://127.0.0.1:3000/?code=x&state='],
    ['http://[2001:db8::1]/'],
    ['https://A.Example/?'],
  ])('%s is signed unchanged, with and without a fragment', (url) => {
    expect(pageUrl(url)).toBe(url);
    expect(pageUrl(`${url}#`)).toBe(url);
    expect(pageUrl(`${url}#/route?x=1#again 你\n`)).toBe(url);
  });

  it.each<unknown>([
    '',
    '#',
    '/page',
    '//a.example/page',
    'a.example/page',
    'about:blank',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'weixin://dl/chat',
    'https:a.example',
    'https://',
    'https://#a.example',
    'https://a.example:port/',
    ' https://a.example/',
    'https://a.example/ ',
    'https://a.example/a b',
    'https://a.example/\t',
    'https://a.example/\n',
    'https://a.example/\u0000',
    'https://a.example/\u00a0',
    'https://a.example/\u007f',
    'https://a.example/你',
    'https://例子.example/',
    undefined,
    null,
    7,
    ['https://a.example/'],
    new URL('https://a.example/'),
  ])('%j is refused, with an error that names the argument', (url) => {
    let thrown: unknown;
    try {
      pageUrl(url as string);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toSatisfy(isInvalidArgumentError);
    expect(thrown).toMatchObject({
      argument: 'url',
      message: expect.stringContaining('"url" must be') as string,
    });
  });
});
