/** What an operator needs to know of a failure. */
export interface Explanation {
  readonly title: string;
  readonly what: string;
  readonly remedy: string;
}

/** The classes of a platform's failures. */
export type PlatformClass =
  | 'transient'
  | 'certificate'
  | 'rejected'
  | 'credentials'
  | 'ip'
  | 'quota'
  | 'account';

/** WeChat's error codes that tell more than their class. */
export type WechatCode =
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

/** WeCom's, many of which mean something else at WeChat. */
export type WecomCode =
  -1 | 40001 | 40013 | 41002 | 45009 | 45033 | 50003 | 60020;

export interface PlatformTexts<Code extends number> {
  readonly classes: Readonly<Record<PlatformClass, Explanation>>;
  readonly codes: Readonly<Record<Code, Explanation>>;
}

export interface FailureTexts {
  readonly WeChat: PlatformTexts<WechatCode>;
  readonly WeCom: PlatformTexts<WecomCode>;
  /** Of the platform of a source of the app's own. */
  readonly other: (platform: string) => PlatformTexts<never>;
  /** The server's own findings. */
  readonly server: Readonly<Record<'row-conflict' | 'sealed', Explanation>>;
  readonly unknown: Explanation;
}

/** Codes that mean the same as another one of their platform. */
const SAME_AS: Readonly<
  Record<string, Readonly<Record<number, WechatCode | WecomCode>>>
> = {
  WeChat: {
    41002: 40002,
    41004: 40002,
    43002: 40002,
    89502: 89501,
    89503: 89501,
    89504: 89501,
    89505: 89501,
    89507: 89506,
  },
  WeCom: { 40091: 40001, 41004: 41002, 41024: 41002 },
};

interface Failure {
  /** Null when the server did not say. */
  readonly class: string | null;
  readonly errcode: number | null;
}

/** @param platform `WeChat`, `WeCom`, or that of a source of the app's own. */
export function explain(
  texts: FailureTexts,
  platform: string,
  failure: Failure,
): Explanation {
  const { classes, codes } = textsOf(texts, platform);
  // WeChat's 40001 has two meanings; of a rejected token it says nothing about the secret.
  if (failure.class === 'rejected') return classes.rejected;
  const errcode = failure.errcode ?? 0;
  const code = SAME_AS[platform]?.[errcode] ?? errcode;
  if (isKey(codes, code)) return codes[code];
  const known = { ...classes, ...texts.server };
  const kind = failure.class ?? '';
  return isKey(known, kind) ? known[kind] : texts.unknown;
}

function textsOf(
  texts: FailureTexts,
  platform: string,
): PlatformTexts<WechatCode> | PlatformTexts<WecomCode> | PlatformTexts<never> {
  return platform === 'WeChat' || platform === 'WeCom'
    ? texts[platform]
    : texts.other(platform);
}

function isKey<T extends object>(table: T, key: PropertyKey): key is keyof T {
  return Object.hasOwn(table, key);
}

/**
 * The address that the platform saw, from an errmsg such as `invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist`, or
 * WeCom's `…, from ip: 203.0.113.7, …`.
 */
export function addressIn(message: string): string | undefined {
  return /\b(?:invalid|from) ip:? ?([\da-f.:]*[\da-f])/i.exec(message)?.[1];
}

/** The refusal in the server's words: `WeChat answered 40164 "invalid ip …"`. */
export function refusalIn(
  detail: string,
): { platform: string; errcode: number } | undefined {
  const [, platform, errcode] =
    /(?:^|: )([^:]{1,64}?) answered (-?\d+) /.exec(detail) ?? [];
  return platform === undefined
    ? undefined
    : { platform, errcode: Number(errcode) };
}
