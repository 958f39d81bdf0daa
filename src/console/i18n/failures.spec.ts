import { WECHAT_SECRET_ERRCODES } from '../../wechat-token/upstream/wechat-errcodes.js';
import type { FailureClass } from '../../wechat-token/upstream/failure.js';
import { addressIn, errcodeIn, explain } from './failures.js';
import { failuresEn } from './failures.en.js';
import { failuresZh } from './failures.zh.js';

const CLASSES: Readonly<Record<FailureClass, true>> = {
  transient: true,
  certificate: true,
  rejected: true,
  credentials: true,
  ip: true,
  quota: true,
  account: true,
};
const CODES = Array.from({ length: 100_000 }, (_, place) => place - 1);

describe.each([
  ['English', failuresEn],
  ['Chinese', failuresZh],
])('failures in %s', (_, texts) => {
  it('explains every class of the server', () => {
    for (const name of Object.keys(CLASSES)) {
      const found = explain(texts, { class: name, errcode: null });
      expect(found, name).not.toBe(texts.unknown);
    }
  });

  it('explains every code that the server knows by itself, where the class is not said', () => {
    const known = CODES.filter((code) => {
      const reaction = WECHAT_SECRET_ERRCODES.get(code);
      return reaction !== undefined && reaction.class !== 'rejected';
    });
    expect(known.length).toBeGreaterThan(20);
    const unexplained = known.filter(
      (errcode) =>
        explain(texts, { class: null, errcode }) === texts.unknown &&
        ![61005, 61006].includes(errcode),
    );
    expect(unexplained).toEqual([]);
  });

  it('40001 is about the secret where a token was asked for, and about the token elsewhere', () => {
    const errcode = 40001;
    const secret = explain(texts, { class: 'credentials', errcode });
    const token = explain(texts, { class: 'rejected', errcode });
    expect(secret.title).toContain('AppSecret');
    expect(token).toBe(texts.classes.rejected);
  });

  it('says of an unknown failure that it is unknown', () => {
    const failure = { class: 'of-a-later-version', errcode: 99999 };
    expect(explain(texts, failure)).toBe(texts.unknown);
  });
});

describe('the address that WeChat saw', () => {
  it.each([
    [
      'WeChat answered 40164 "invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist rid: 66f0". Add it.',
      '203.0.113.7',
    ],
    ['invalid ip 203.0.113.7, not in whitelist', '203.0.113.7'],
    ['invalid ip 2001:db8::17 , not in whitelist', '2001:db8::17'],
    ['invalid ip: 198.51.100.4. Add', '198.51.100.4'],
    ['invalid appsecret', undefined],
    ['invalid ip', undefined],
  ])('in %j is %s', (message, address) => {
    expect(addressIn(message)).toBe(address);
  });
});

it('an errcode is found in a history that the server has written', () => {
  expect(errcodeIn('WeChat answered -1 "system error". Retried.')).toBe(-1);
  expect(errcodeIn('no response from api.weixin.qq.com')).toBeUndefined();
});
