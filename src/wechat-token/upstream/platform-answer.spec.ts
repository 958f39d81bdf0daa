import { answerIn, errcodeOf, numberIn } from './platform-answer.js';

const response = (body: string | Buffer, contentType = '') => ({
  status: 200,
  contentType,
  contentDisposition: '',
  bytes: Buffer.from(body),
});
const read = (body: string | Buffer, contentType?: string) =>
  answerIn(response(body, contentType));

describe('an answer of another platform', () => {
  const read = (body: string, code: string, message: string) =>
    answerIn(response(body), { code, message });

  it('has its code and message where the platform has them', () => {
    const flat = read('{"code":"10014","msg":"no"}', 'code', 'msg');
    expect(flat).toMatchObject({ errcode: 10014, errmsg: 'no' });
    const [code, message] = ['data.error_code', 'data.description'] as const;
    const inner = '{"data":{"error_code":10013,"description":"no"}}';
    expect(read(inner, code, message)).toMatchObject({
      errcode: 10013,
      errmsg: 'no',
    });
    for (const data of ['{"error_code":0}', '{}', 'null', '7', '"text"']) {
      const answer = read(`{"data":${data}}`, code, message);
      expect(answer && errcodeOf(answer)).toBeUndefined();
      expect(answer).toHaveProperty('data');
    }
    expect(read('{"data":{"error_code":"?"}}', code, message)).toBeUndefined();
  });
});

describe('an answer that is not tidy JSON', () => {
  it.each([
    ['271781022721654784', '271781022721654784'],
    ['-9007199254740992', '-9007199254740992'],
    ['9007199254740993.0', '9007199254740993.0'],
    ['123456789012345678901234567890', '123456789012345678901234567890'],
    ['1e400', '1e400'],
    ['-1E+400', '-1E+400'],
    ['9007199254740991', 9007199254740991],
    ['-9007199254740991', -9007199254740991],
    ['40001.0', 40001],
    ['1.5e3', 1500],
    ['0.1234567890123456789', 0.12345678901234568],
    ['1e-400', 0],
  ])('the number %s is kept: %j', (text, value) => {
    expect(
      read(`{"n":${text},"all":[${text}, ${text}],"s":"${text}"}`),
    ).toEqual({ n: value, all: [value, value], s: text });
  });

  it.each([
    ['a line break', 'a\nb', 'a\nb'],
    ['a NUL', 'a\0b', 'a\0b'],
    ['every control character', ...twice(CONTROLS())],
    ['a backslash before one', 'a\\\nb', 'a\\\nb'],
    [
      'an escape that JSON does not know',
      "it\\'s \\x41 \\u12",
      "it\\'s \\x41 \\u12",
    ],
    ['an escaped backslash, and then one', 'a\\\\\n\\"', 'a\\\n"'],
    ['a character outside of the plane', '\u{1f600}', '\u{1f600}'],
  ])('%s in a string is kept', (_what, raw, value) => {
    const big = '"id":271781022721654784';
    expect(read(`{"nickname":"${raw}","next":"x",${big}}`)).toEqual({
      nickname: value,
      next: 'x',
      id: '271781022721654784',
    });
    expect(read(`{"nickname":"${raw}"}`)).toEqual({ nickname: value });
  });

  it.each([
    ['a byte order mark', '\uFEFF{"a":1}'],
    ['white space around', '\r\n\t {"a":1} \n\n'],
    ['a NUL behind', '{"a":1}\0'],
    ['control characters between', '{\v"a"\f:\u00011}'],
  ])('%s', (_what, text) => {
    expect(read(text)).toEqual({ a: 1 });
  });

  it.each([
    [
      'GBK',
      Buffer.from('7b2261223a22c4e3bac3227d', 'hex'),
      'text/plain; charset=GBK',
    ],
    [
      'UTF-16, declared',
      Buffer.from('{"a":"你好"}', 'utf16le'),
      'application/json;charset=utf-16',
    ],
    ['UTF-16, marked', Buffer.from('\uFEFF{"a":"你好"}', 'utf16le'), ''],
    [
      'UTF-16 of the other end, marked',
      Buffer.from('\uFEFF{"a":"你好"}', 'utf16le').swap16(),
      '',
    ],
    [
      'UTF-8 that is declared as another',
      Buffer.from('{"a":"你好"}'),
      'text/plain; charset="ISO-8859-1"',
    ],
    [
      'UTF-8 that is declared as nothing known',
      Buffer.from('{"a":"你好"}'),
      'text/plain; charset=x-none',
    ],
  ])('%s', (_what, bytes, contentType) => {
    expect(read(bytes, contentType)).toEqual({ a: '你好' });
  });

  it('bytes that no encoding has are replaced, and the rest is kept', () => {
    const bytes = Buffer.concat([
      Buffer.from('{"a":"x'),
      Buffer.from([0xff]),
      Buffer.from('y"}'),
    ]);
    expect(read(bytes)).toEqual({ a: 'x\uFFFDy' });
  });

  it('of a key that comes twice the last counts, with and without a large number', () => {
    expect(read('{"a":1,"a":2}')).toEqual({ a: 2 });
    expect(read('{"a":1,"a":271781022721654784}')).toEqual({
      a: '271781022721654784',
    });
  });

  it('the key __proto__ is one like any other', () => {
    for (const number of ['1', '271781022721654784']) {
      const answer = read(
        `{"__proto__":{"errcode":5},"errcode":"0","n":${number}}`,
      );
      expect(Object.keys(answer ?? {})).toContain('__proto__');
      expect(Object.getPrototypeOf(answer)).toBe(Object.prototype);
      expect(answer && errcodeOf(answer)).toBeUndefined();
    }
  });

  it.each([
    '',
    '   ',
    'null',
    '[]',
    '[{"errcode":0}]',
    '"text"',
    '40001',
    '{',
    '{"a":1}}',
    '{"a":271781022721654784}}',
    '<html></html>',
    'undefined',
    `{"a":271781022721654784,"b":${'['.repeat(200_000)}`,
    '{"errcode":"none"}',
    '{"errcode":true}',
    '{"errcode":{}}',
  ])('no answer: %.40s', (text) => {
    expect(read(text)).toBeUndefined();
  });

  it.each([
    ['40001', 40001],
    ['"40001"', 40001],
    ['" 40001 "', 40001],
    ['40001.0', 40001],
    ['"40001.0"', 40001],
    ['-1', -1],
    ['"-1"', -1],
    ['99999999999999999999', 1e20],
    ['0', undefined],
    ['"0"', undefined],
    ['"-0"', undefined],
    ['0.0', undefined],
    ['""', undefined],
    ['null', undefined],
  ])('the errcode %s is %j', (text, errcode) => {
    const answer = read(`{"errcode":${text}}`);
    expect(answer && errcodeOf(answer)).toBe(errcode);
  });

  it.each([
    [7200, 7200],
    ['7200', 7200],
    [' 7200.0\n', 7200],
    ['', undefined],
    ['0x10', undefined],
    ['7200s', undefined],
    ['Infinity', undefined],
    [true, undefined],
    [null, undefined],
    [[7200], undefined],
  ])('the number in %j is %j', (value, number) => {
    expect(numberIn(value)).toBe(number);
  });
});

function CONTROLS(): string {
  return Array.from({ length: 32 }, (_, code) =>
    String.fromCharCode(code),
  ).join('');
}

function twice(text: string): [string, string] {
  return [text, text];
}
