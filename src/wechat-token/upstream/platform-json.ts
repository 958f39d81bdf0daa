import { parse, stringify } from 'lossless-json';

/** Where a number may be too large for a double: 2^53 has 16 digits. */
const LARGE_NUMBER = /(?:^|[:,[\s])-?\d(?:[\d.]{15}|[\d.]*e)/i;
/** What stands for itself in a string, what begins or ends one, and what JSON does not allow in one. */
const UNTIDY =
  // oxlint-disable-next-line no-control-regex
  /\\(?:["\\/bfnrt]|u[\da-f]{4})|["\\]|[\u0000-\u001f]/gi;

/**
 * Parses JSON as WeChat sends it. A whole number beyond ±(2^53 - 1) becomes a string of its digits, and so does one that no
 * double holds, such as 1e400. Control characters and backslashes that should have been escaped stand for themselves.
 * @throws an error of any kind for what is not JSON; its message may hold a part of the text.
 */
export function parseJson(text: string): unknown {
  try {
    return parseStrictly(text);
  } catch {
    return parseStrictly(tidy(text));
  }
}

/**
 * What axios sends as the body. Plain data becomes JSON, in which a bigint is a number of as many digits; what is no data, such
 * as FormData, is left to axios.
 */
export function jsonBody(body: unknown): {
  data?: unknown;
  headers?: Readonly<Record<string, string>>;
} {
  if (!isData(body)) return { data: body };
  const headers = { 'Content-Type': 'application/json' };
  return { data: stringify(body), headers };
}

/** By their tags: an object of another package, such as `form-data`, is no data either. */
function isData(body: unknown): boolean {
  if (typeof body !== 'object' || body === null) return false;
  if ('pipe' in body || ArrayBuffer.isView(body)) return false;
  const tag = Object.prototype.toString.call(body);
  return tag === '[object Object]' || tag === '[object Array]';
}

/** JSON.parse, which takes a tenth of the time, gives the same where there is no large number. */
function parseStrictly(text: string): unknown {
  if (!LARGE_NUMBER.test(text)) return JSON.parse(text);
  return parse(text, undefined, {
    parseNumber: numberOrDigits,
    onDuplicateKey: ({ newValue }) => newValue,
  });
}

function numberOrDigits(digits: string): number | string {
  const number = Number(digits);
  return Math.abs(number) > Number.MAX_SAFE_INTEGER ? digits : number;
}

function tidy(text: string): string {
  let isInString = false;
  return text.replace(UNTIDY, (part) => {
    if (part === '"') isInString = !isInString;
    // Outside a string a control character can only be white space.
    else if (!isInString && part < ' ') return ' ';
    else if (part.length === 1) return escaped(part);
    return part;
  });
}

function escaped(character: string): string {
  return JSON.stringify(character).slice(1, -1);
}
