import { fileNameIn } from './file-name.js';

const header = (text: string) => Buffer.from(text, 'utf8').toString('latin1');

it.each([
  ['', undefined],
  ['inline', undefined],
  ['attachment; filename=""', undefined],
  ['attachment; filename="a.jpg"', 'a.jpg'],
  ['attachment; filename=a.jpg; size=5', 'a.jpg'],
  ['ATTACHMENT;FILENAME = "a b.jpg"', 'a b.jpg'],
  [String.raw`attachment; filename="a\"b.jpg"`, 'a"b.jpg'],
  ['attachment; filename="图.jpg"', '图.jpg'],
  [`attachment; filename="x.jpg"; filename*=UTF-8''%E5%9B%BE.jpg`, '图.jpg'],
  [`attachment; filename="x.jpg"; filename*=UTF-8''%E5%9`, 'x.jpg'],
  ['attachment; filename="../../etc/passwd"', 'passwd'],
  [String.raw`attachment; filename="C:\\temp\\a.jpg"`, 'a.jpg'],
  [`attachment; filename*=UTF-8''..%2Fa.jpg`, 'a.jpg'],
])('the file name in %s', (disposition, name) => {
  expect(fileNameIn(header(disposition))).toBe(name);
});
