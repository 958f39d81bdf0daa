import { redact } from './redact.js';
import type { Platform } from '../sources/platform.js';
import type { PlatformAnswer } from '../sources/token-source.js';
import { parseJson } from './platform-json.js';

/** A response as it came. */
export interface PlatformResponse {
  readonly status: number;
  readonly contentType: string;
  readonly contentDisposition: string;
  readonly bytes: Buffer;
}

/**
 * The JSON object of a response; undefined for anything else, and for an `errcode` that is no number.
 * @param fields Where the platform has its errcode and its message; they are `errcode` and `errmsg` in what is returned.
 */
export function answerIn(
  { bytes, contentType }: PlatformResponse,
  fields: Platform['refusal'] = { code: 'errcode', message: 'errmsg' },
): PlatformAnswer | undefined {
  const value = jsonIn(bytes, contentType);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return undefined;
  const given = value as PlatformAnswer;
  const answer: PlatformAnswer =
    fields.code === 'errcode' && fields.message === 'errmsg'
      ? given
      : {
          ...given,
          errcode: fieldAt(fields.code, given),
          errmsg: fieldAt(fields.message, given),
        };
  if (isBlank(answer['errcode'])) return answer;
  const errcode = numberIn(answer['errcode']);
  return errcode === undefined ? undefined : { ...answer, errcode };
}

/** The errcode of an answer that is an error. */
export function errcodeOf({ errcode }: PlatformAnswer): number | undefined {
  return typeof errcode === 'number' && errcode !== 0 ? errcode : undefined;
}

/** The error message in a response, redacted. */
export function errmsgOf(
  answer: PlatformAnswer,
  secrets: readonly string[],
): string {
  const { errmsg } = answer;
  return typeof errmsg === 'string' ? redact(errmsg, secrets) : '';
}

/** A number, also one that is given as a string. */
export function numberIn(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  const isDecimal =
    typeof value === 'string' && /^\s*[+-]?\d+(?:\.\d+)?\s*$/.test(value);
  return isDecimal ? Number(value) : undefined;
}

/** The field at a path such as `data.error_code`. */
function fieldAt(path: string, answer: PlatformAnswer): unknown {
  const inner = (outer: unknown, key: string): unknown =>
    (Object(outer) as PlatformAnswer)[key];
  return path.split('.').reduce(inner, answer);
}

function isBlank(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}

function jsonIn(bytes: Buffer, contentType: string): unknown {
  try {
    // Trims a byte order mark as well.
    return parseJson(decode(bytes, contentType).trim());
  } catch {
    // R15: the parser's message quotes the text.
    return undefined;
  }
}

/**
 * JSON is UTF-8, and text in another encoding is hardly ever valid UTF-8, so the declared encoding counts only where that fails.
 * UTF-16 is the exception.
 */
function decode(bytes: Buffer, contentType: string): string {
  const marked = MARKS.get(bytes.subarray(0, 2).toString('hex'));
  const declared = /charset="?([\w-]+)/i.exec(contentType)?.[1] ?? 'utf-8';
  const first = /^utf-?16/i.test(declared) ? declared : 'utf-8';
  for (const encoding of [marked ?? first, declared])
    try {
      return new TextDecoder(encoding, { fatal: true }).decode(bytes);
    } catch {
      // Unknown, or not the encoding of these bytes.
    }
  return bytes.toString('utf8');
}

/** The byte order marks of UTF-16. */
const MARKS = new Map([
  ['fffe', 'utf-16le'],
  ['feff', 'utf-16be'],
]);
