import {
  WECHAT_SECRET_ERRCODES,
  WECHAT_TICKET_ERRCODES,
} from '../../src/wechat-token/upstream/built-in/wechat-errcodes.js';
import { WECOM_TICKET_ERRCODES } from '../../src/wechat-token/upstream/built-in/wecom-errcodes.js';
import { read } from '../support/pages.js';

/** What an operator is led to by an alert, a line of the log or an errcode. */
describe.each([
  {
    page: 'docs/operating.md',
    wechat: '## Error codes of WeChat\n',
    wecom: '## Error codes of WeCom\n',
  },
  {
    page: 'docs/operating.zh-CN.md',
    wechat: '## 微信错误码\n',
    wecom: '## 企业微信错误码\n',
  },
])('$page', ({ page, wechat, wecom }) => {
  const text = read(page);

  /** The classes by errcode, in the table under this heading. */
  const classesUnder = (heading: string) => {
    const [, after = ''] = text.split(`\n${heading}`);
    const [section = ''] = after.split('\n## ');
    const rows = section.matchAll(/^\| (-?\d+) +\| `(\w+)` +\|/gm);
    return [...rows].map(([, code, name]) => `${code} ${name}`).toSorted();
  };
  const classesOf = (codes: typeof WECHAT_TICKET_ERRCODES) =>
    [...codes]
      .map(([code, reaction]) => `${code} ${reaction.class}`)
      .toSorted();

  it('has a section on every alert, in the order of the rules, and on no other', () => {
    const rules = read('deploy/prometheus/rules.yaml');
    const alerts = [...rules.matchAll(/- alert: (\w+)/g)].map(
      ([, name]) => name,
    );
    expect(alerts.length).toBeGreaterThan(8);
    const sections = text.matchAll(/^### (WechatToken\w+)$/gm);
    expect([...sections].map(([, name]) => name)).toEqual(alerts);
  });

  it('has a row on every warning and every error of the log, and on no line that there is not', () => {
    // Of which test/app/log.spec.ts shows that it has every line of the code.
    const logs = read('docs/logs.md').matchAll(
      /^\| (?:<a [^>]+><\/a>)?`([^`]+)` +\| (\w+) +\|/gm,
    );
    const levels = new Map(
      [...logs].map(([, line = '', level = '']) => [line, level]),
    );
    const urgent = [...levels].filter(([, level]) =>
      ['warn', 'error'].includes(level),
    );
    expect(urgent.length).toBeGreaterThan(20);
    const rows = text.matchAll(/^\| `([^`=]*[ ][^`=]*)` +\|/gm);
    const explained = [...rows].map(([, line = '']) => line);
    expect(explained).toEqual(
      expect.arrayContaining(urgent.map(([line]) => line)),
    );
    expect(explained.filter((line) => !levels.has(line))).toEqual([]);
  });

  it('has every errcode that the code knows, with its class', () => {
    const wechatCodes = new Map([
      ...WECHAT_TICKET_ERRCODES,
      ...WECHAT_SECRET_ERRCODES,
    ]);
    expect(classesUnder(wechat)).toEqual(classesOf(wechatCodes));
    expect(classesUnder(wecom)).toEqual(classesOf(WECOM_TICKET_ERRCODES));
  });
});
