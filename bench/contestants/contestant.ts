/** One way to have tokens, as a program uses it. */
export interface Contestant {
  /** Ready, and without a token. */
  readonly start: () => Promise<void>;
  /** The token, as it gets it before a call. */
  readonly getToken: () => Promise<string>;
  /** One call of a business API. @throws when it fails, after all that it does about that itself */
  readonly call: () => Promise<void>;
}

export interface ContestantOptions {
  readonly appId: string;
  readonly appSecret: string;
  readonly wechatUrl: string;
  /** Ours alone has one. */
  readonly databaseUrl: string;
  /** Where the others may keep files; one for all processes. */
  readonly folder: string;
}

export type MakeContestant = (
  options: ContestantOptions,
) => Promise<Contestant>;

/** Longer than any storm: that a model of WeChat on the same machine is slow is no fault of theirs, milliseconds. */
export const PATIENCE_MS = 60_000;

/** For those whose answers come as they are. @throws Error for an errcode */
export function check(answer: object): void {
  const { errcode = 0 } = answer as { errcode?: number };
  if (errcode !== 0) throw new Error(`errcode ${errcode}`);
}
