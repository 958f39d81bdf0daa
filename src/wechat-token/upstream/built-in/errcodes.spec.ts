import {
  WECHAT_SECRET_ERRCODES,
  WECHAT_TOKEN_ERRCODES,
} from './wechat-errcodes.js';
import { WECOM_ERRCODES } from './wecom-errcodes.js';

describe('R8 the errcode table', () => {
  it.each([
    ['transient', [-1, 45011, 61005, 61006, 41002, 41004, 40002, 43002]],
    ['credentials', [40001, 40125, 40013, 40243]],
    ['ip', [40164, 61004, 89501, 89502, 89503, 89504, 89505, 89506, 89507]],
    ['quota', [45009]],
    ['account', [50002, 50004, 48004, 42007, 61023]],
    ['rejected', [40014, 42001]],
  ])('%s where a token is issued: %j', (expected, codes) => {
    for (const code of codes)
      expect(WECHAT_SECRET_ERRCODES.get(code)?.class, `${code}`).toBe(expected);
  });

  it.each([40001, 40014, 42001])(
    '%i from an API: the token was rejected',
    (code) => {
      expect(WECHAT_TOKEN_ERRCODES.get(code)?.class).toBe('rejected');
    },
  );

  it.each([
    [45011, 60],
    [89503, 3600],
    [89506, 86_400],
    [89507, 3600],
  ])('%i waits at least %i s', (code, seconds) => {
    expect(WECHAT_SECRET_ERRCODES.get(code)?.waitSeconds).toBe(seconds);
  });

  it('what must end: a quota, and a block of this address', () => {
    for (const code of [45009, 89501, 89502, 89503, 89504, 89505, 89506, 89507])
      expect(WECHAT_SECRET_ERRCODES.get(code)?.mustEnd, `${code}`).toBe(true);
    for (const code of [-1, 40125, 50002, 40164, 61004])
      expect(
        WECHAT_SECRET_ERRCODES.get(code)?.mustEnd,
        `${code}`,
      ).toBeUndefined();
  });

  it("leaves an API's own codes to its caller", () => {
    expect(WECHAT_TOKEN_ERRCODES.get(40003)).toBeUndefined();
  });
});

describe("R8 WeCom's errcode table", () => {
  it.each([
    ['transient', [-1, 45033]],
    ['credentials', [40001, 40013, 40091, 41002, 41004, 41024]],
    ['rejected', [40014, 41001, 42001]],
    ['ip', [60020]],
    ['quota', [45009]],
    ['account', [50003]],
  ])('%s: %j', (expected, codes) => {
    for (const code of codes)
      expect(WECOM_ERRCODES.get(code)?.class, `${code}`).toBe(expected);
  });

  it('codes that mean something else there than at WeChat say nothing about a token', () => {
    for (const code of [42007, 50002, 301002, 40093])
      expect(WECOM_ERRCODES.get(code), `${code}`).toBeUndefined();
  });

  it('45009 waits a minute, and an hour when it comes again; 45033 is short', () => {
    expect(WECOM_ERRCODES.get(45009)).toMatchObject({
      waitSeconds: 60,
      repeatedWaitSeconds: 3600,
      mustEnd: true,
    });
    expect(WECOM_ERRCODES.get(45033)?.waitSeconds).toBeLessThanOrEqual(5);
  });
});
