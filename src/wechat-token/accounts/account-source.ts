import type { ConfiguredAccount } from './account.js';

/** A list, or a stream of items such as the pages of a query. */
export type Several<Item> = Iterable<Item> | AsyncIterable<Item>;

/**
 * A source of credentials. An app implements it for accounts in its own tables. The message of an error that it throws may hold
 * a secret (R15), so callers get an `AccountSourceError` without that message.
 */
export interface AccountSource {
  /**
   * Finds an account by its name; undefined when there is none. Called at every renewal, and for every token that another
   * replica has renewed.
   */
  find(
    name: string,
  ): ConfiguredAccount | undefined | Promise<ConfiguredAccount | undefined>;
  /**
   * Lists all accounts. Called at the start and once a minute: new accounts get a token, the tokens of removed accounts are
   * dropped from memory. An invalid account is skipped and logged with the reason.
   */
  list(): Several<ConfiguredAccount>;
  /** Lists the accounts with an appid, or a corpid of WeCom, for the WeChat-shaped routes. Default: filters `list()` at every request. */
  listByAppId?(appId: string): Several<ConfiguredAccount>;
}
