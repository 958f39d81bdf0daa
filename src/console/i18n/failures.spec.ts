import { WECHAT_SECRET_ERRCODES } from '../../wechat-token/upstream/built-in/wechat-errcodes.js';
import { WECOM_ERRCODES } from '../../wechat-token/upstream/built-in/wecom-errcodes.js';
import type { FailureClass } from '../../wechat-token/upstream/failure.js';
import { addressIn, explain, refusalIn } from './failures.js';
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

/** Codes of one platform, by themselves: the class is not said. */
const explained = {
  WeChat: WECHAT_SECRET_ERRCODES,
  WeCom: WECOM_ERRCODES,
};

describe.each([
  ['English', failuresEn],
  ['Chinese', failuresZh],
])('failures in %s', (_, texts) => {
  it.each(['WeChat', 'WeCom', 'DingTalk'])(
    'explains every class of the server, of %s',
    (platform) => {
      for (const name of Object.keys(CLASSES)) {
        const failure = { class: name, errcode: null };
        const found = explain(texts, platform, failure);
        expect(found, name).not.toBe(texts.unknown);
        const isNamed = /WeChat|微信(?<!企业微信)/.test(JSON.stringify(found));
        if (platform !== 'WeChat') expect(isNamed, name).toBe(false);
      }
    },
  );

  it.each(['WeChat', 'WeCom'] as const)(
    'explains every code of %s that the server knows by itself, where the class is not said',
    (platform) => {
      const known = CODES.filter((code) => {
        const reaction = explained[platform].get(code);
        return reaction !== undefined && reaction.class !== 'rejected';
      });
      expect(known.length).toBeGreaterThan(9);
      const unexplained = known.filter(
        (errcode) =>
          explain(texts, platform, { class: null, errcode }) ===
            texts.unknown && ![61005, 61006].includes(errcode),
      );
      expect(unexplained).toEqual([]);
    },
  );

  it('40001 of WeChat is about the secret where a token was asked for, and about the token elsewhere', () => {
    const errcode = 40001;
    const secret = { class: 'credentials', errcode };
    expect(explain(texts, 'WeChat', secret).title).toContain('AppSecret');
    const token = { class: 'rejected', errcode };
    expect(explain(texts, 'WeChat', token)).toBe(texts.WeChat.classes.rejected);
  });

  it('a code has the meaning that its platform gives it', () => {
    for (const errcode of [-1, 40001, 40013, 45009]) {
      const failure = { class: null, errcode };
      const atWecom = explain(texts, 'WeCom', failure);
      expect(atWecom).not.toEqual(explain(texts, 'WeChat', failure));
      expect(explain(texts, 'DingTalk', failure)).toBe(texts.unknown);
    }
    // 50002 says nothing of an account at WeCom.
    const other = { class: null, errcode: 50002 };
    expect(explain(texts, 'WeCom', other)).toBe(texts.unknown);
  });

  it('says of an unknown failure that it is unknown', () => {
    const failure = { class: 'of-a-later-version', errcode: 99999 };
    expect(explain(texts, 'WeChat', failure)).toBe(texts.unknown);
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
    [
      'WeCom answered 60020 "not allow to access from your ip, hint: [17], from ip: 203.0.113.9, more info". Add it.',
      '203.0.113.9',
    ],
    ['invalid appsecret', undefined],
    ['invalid ip', undefined],
  ])('in %j is %s', (message, address) => {
    expect(addressIn(message)).toBe(address);
  });
});

it.each([
  ['WeChat answered -1 "system error". Retried.', 'WeChat', -1],
  ['WeCom answered 60020 "not allowed: by us".', 'WeCom', 60020],
  ['Renewal failed: My Cloud answered 7 "no". Retried.', 'My Cloud', 7],
])(
  'the refusal is found in what the server has written: %s',
  (detail, platform, errcode) => {
    expect(refusalIn(detail)).toEqual({ platform, errcode });
  },
);

it('there is none without an errcode', () => {
  expect(refusalIn('no response from api.weixin.qq.com')).toBeUndefined();
});
