/** A library that provides tokens, as a program uses it. */
export interface Contestant {
  /** Prepares the library, without getting a token. */
  readonly start: () => Promise<void>;
  /** Gets the token, as before a call. */
  readonly getToken: () => Promise<string>;
  /** Calls a business API. @throws when the call fails after the library's own retries */
  readonly call: () => Promise<void>;
}

export interface ContestantOptions {
  readonly appId: string;
  readonly appSecret: string;
  readonly wechatUrl: string;
  /** The database, which only this module uses. */
  readonly databaseUrl: string;
  /** The folder for the files of other libraries, shared by all processes. */
  readonly folder: string;
}

export type MakeContestant = (
  options: ContestantOptions,
) => Promise<Contestant>;

/** A timeout longer than any storm: a slow FakeWechat on the same machine must not count against a library, milliseconds. */
export const TIMEOUT_MS = 60_000;

/** Checks a response of a library that does not check it. @throws Error for an errcode */
export function check(answer: object): void {
  const { errcode = 0 } = answer as { errcode?: number };
  if (errcode !== 0) throw new Error(`errcode ${errcode}`);
}
