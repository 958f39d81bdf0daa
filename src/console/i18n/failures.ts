/** What an operator needs to know of a failure. */
export interface Explanation {
  readonly title: string;
  readonly what: string;
  readonly remedy: string;
}

/** The classes of the server's failures. */
export type KnownClass =
  | 'transient'
  | 'certificate'
  | 'rejected'
  | 'credentials'
  | 'ip'
  | 'quota'
  | 'account'
  | 'row-conflict'
  | 'sealed';

/** WeChat's error codes that tell more than their class. */
export type KnownCode =
  | -1
  | 40001
  | 40002
  | 40013
  | 40125
  | 40164
  | 40243
  | 42007
  | 45009
  | 45011
  | 48004
  | 50002
  | 50004
  | 61004
  | 61023
  | 89501
  | 89506;

export interface FailureTexts {
  readonly classes: Readonly<Record<KnownClass, Explanation>>;
  readonly codes: Readonly<Record<KnownCode, Explanation>>;
  readonly unknown: Explanation;
}

/** Codes that mean the same as another one. */
const SAME_AS: Readonly<Record<number, KnownCode>> = {
  41002: 40002,
  41004: 40002,
  43002: 40002,
  89502: 89501,
  89503: 89501,
  89504: 89501,
  89505: 89501,
  89507: 89506,
};

interface Failure {
  /** Null when the server did not say. */
  readonly class: string | null;
  readonly errcode: number | null;
}

export function explain(texts: FailureTexts, failure: Failure): Explanation {
  const { classes, codes, unknown } = texts;
  // 40001 has two meanings; of a rejected token it says nothing about the secret.
  if (failure.class === 'rejected') return classes.rejected;
  const code = SAME_AS[failure.errcode ?? 0] ?? failure.errcode ?? 0;
  if (isKey(codes, code)) return codes[code];
  const kind = failure.class ?? '';
  return isKey(classes, kind) ? classes[kind] : unknown;
}

function isKey<T extends object>(table: T, key: PropertyKey): key is keyof T {
  return Object.hasOwn(table, key);
}

/** The address that WeChat saw, from an errmsg such as `invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist`. */
export function addressIn(message: string): string | undefined {
  return /\binvalid ip:? ?([\da-f.:]*[\da-f])/i.exec(message)?.[1];
}

/** The errcode of a refusal in the server's words: `WeChat answered 40164 "invalid ip …"`. */
export function errcodeIn(detail: string): number | undefined {
  const found = /^WeChat answered (-?\d+) /.exec(detail)?.[1];
  return found === undefined ? undefined : Number(found);
}
