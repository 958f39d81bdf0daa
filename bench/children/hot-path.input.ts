import type { BenchAccount } from '../harness/accounts.js';

export interface HotPathInput {
  readonly wechatUrl: string;
  /** Known to the platform; on an empty database. */
  readonly one: {
    readonly databaseUrl: string;
    readonly account: BenchAccount;
  };
  readonly many: StoredAccounts;
  /** For a peer's files. */
  readonly folder: string;
}

export interface StoredAccounts {
  readonly databaseUrl: string;
  readonly accounts: readonly BenchAccount[];
  /** In their order. */
  readonly tokens: readonly string[];
}

/** A power of two, so that the next one is found by a mask. */
export const PICKS = 65_536;

/** At random, made beforehand, and none of them the very object or string that the accounts were set up with. */
export function randomPicks<T>(items: readonly T[]): T[] {
  const copies = structuredClone(items);
  return Array.from({ length: PICKS }, () => {
    const pick = copies[Math.floor(Math.random() * copies.length)];
    if (pick === undefined) throw new Error('there is nothing to pick from');
    return pick;
  });
}
