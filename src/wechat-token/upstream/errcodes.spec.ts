import { reactionTo } from './errcodes.js';

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
      expect(reactionTo(code, 'issue')?.class, `${code}`).toBe(expected);
  });

  it.each([40001, 40014, 42001])(
    '%i from an API: the token was rejected',
    (code) => {
      expect(reactionTo(code, 'api')?.class).toBe('rejected');
    },
  );

  it.each([
    [45011, 60],
    [89503, 3600],
    [89506, 86_400],
    [89507, 3600],
  ])('%i waits at least %i s', (code, seconds) => {
    expect(reactionTo(code, 'issue')?.waitSeconds).toBe(seconds);
  });

  it('what must end: a quota, and a block of this address', () => {
    for (const code of [45009, 89501, 89502, 89503, 89504, 89505, 89506, 89507])
      expect(reactionTo(code, 'issue')?.mustEnd, `${code}`).toBe(true);
    for (const code of [-1, 40125, 50002, 40164, 61004])
      expect(reactionTo(code, 'issue')?.mustEnd, `${code}`).toBeUndefined();
  });

  it("leaves an API's own codes to its caller", () => {
    expect(reactionTo(40003, 'api')).toBeUndefined();
  });
});
