import { en } from './en.js';
import { formatsFor } from './format.js';
import { zh } from './zh.js';

const english = formatsFor('en', en);
const chinese = formatsFor('zh-CN', zh);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe('times as a language writes them', () => {
  it.each([
    [0, '0 s', '0 秒'],
    [999, '0 s', '0 秒'],
    [59_999, '59 s', '59 秒'],
    [MINUTE, '1 min 0 s', '1 分 0 秒'],
    [72 * MINUTE + 5000, '1 h 12 min', '1 小时 12 分'],
    [27 * HOUR, '1 d 3 h', '1 天 3 小时'],
    [-5000, '0 s', '0 秒'],
  ])('%i ms are %j and %j', (ms, inEnglish, inChinese) => {
    expect(english.duration(ms)).toBe(inEnglish);
    expect(chinese.duration(ms)).toBe(inChinese);
  });

  it('before and after now', () => {
    const now = Date.parse('2026-03-01T00:00:00Z');
    const at = (ms: number) => new Date(now + ms).toISOString();
    expect(english.relative(at(-72 * MINUTE), now)).toBe('1 h 12 min ago');
    expect(chinese.relative(at(30_000), now)).toBe('30 秒后');
    expect(chinese.relative(at(0), now)).toBe('刚刚');
  });

  it("WeChat's day ends at midnight in China, wherever the viewer is", () => {
    expect(english.china('2026-02-28T16:00:00Z')).toBe('Mar 1, 00:00');
  });
});
