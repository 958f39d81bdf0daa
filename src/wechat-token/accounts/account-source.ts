import type { WechatAccount } from './account.js';

/** A list, or what is read a part at a time. */
export type Several<Item> = Iterable<Item> | AsyncIterable<Item>;

/**
 * Where credentials come from. The app may pass its own, for accounts that live in its own tables. What it throws reaches nobody
 * but as an `AccountSourceError` without its words, which may hold a secret (R15).
 */
export interface AccountSource {
  /**
   * The account of that name, or undefined when there is none. Asked at every renewal, and for every token that another replica
   * has renewed.
   */
  find(
    name: string,
  ): WechatAccount | undefined | Promise<WechatAccount | undefined>;
  /**
   * All accounts, for the start and once a minute: those that are new get a token, those that are gone are forgotten. One that
   * cannot be used is left out, and the log says why.
   */
  list(): Several<WechatAccount>;
  /** Those with that appid, for the routes in WeChat's shape. Default: they are looked for in `list()`, at every request. */
  listByAppId?(appId: string): Several<WechatAccount>;
}
