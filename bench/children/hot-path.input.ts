import type { BenchAccount } from '../harness/accounts.js';

export interface HotPathInput {
  readonly wechatUrl: string;
  /** An account that the platform knows, with an empty database. */
  readonly one: {
    readonly databaseUrl: string;
    readonly account: BenchAccount;
  };
  readonly many: StoredAccounts;
  /** A folder for the files of peers. */
  readonly folder: string;
}

export interface StoredAccounts {
  readonly databaseUrl: string;
  readonly accounts: readonly BenchAccount[];
  /** The tokens, in the order of the accounts. */
  readonly tokens: readonly string[];
}

/** The number of picks, a power of two so that the index can be masked. */
export const PICKS = 65_536;

/** Random items, picked in advance; copies, so that no lookup compares identical objects or strings. */
export function randomPicks<T>(items: readonly T[]): T[] {
  const copies = structuredClone(items);
  return Array.from({ length: PICKS }, () => {
    const pick = copies[Math.floor(Math.random() * copies.length)];
    if (pick === undefined) throw new Error('there is nothing to pick from');
    return pick;
  });
}
