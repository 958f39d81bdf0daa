// What does the app say?

import type { WechatAccount } from '../accounts/account.js';
import type { AccountSource } from '../accounts/account-source.js';
import type {
  ApiKey,
  ApiKeySource,
  AppGuard,
  Role,
} from '../common/settings.js';

/** What `WechatTokenModule.forRoot()` takes. Everything but `accounts` has a default that suits production. */
export interface WechatTokenModuleOptions {
  /** The credentials: a list, or a source of the app's own. */
  accounts: readonly WechatAccount[] | AccountSource;

  /**
   * `refresher` calls WeChat; any number of replicas may be refreshers, one at a time renews a token.
   * `reader` never calls WeChat, since its IP is not in the whitelist, and serves what refreshers store.
   * Default: `refresher`.
   */
  role?: Role;

  api?: {
    /** Default: `https://api.weixin.qq.com`. */
    baseUrl?: string;
    /**
     * Hosts to ask for a token, in this order, when the connection to the one before fails; in stable mode also when it does
     * not answer within its share of the timeout. Never after a classic or a forced call may have been carried out. Default: none.
     */
    fallbackUrls?: readonly string[];
    /** The longest that one call may take, all hosts together, milliseconds. Default: 5000. */
    timeoutMs?: number;
  };

  refresh?: {
    /** How often this replica looks for tokens that are due. Default: every 5 seconds. */
    cron?: string;
    /**
     * How long before its end a token is renewed, seconds; at most a third of its life counts.
     * Default: 300 in stable mode, where the platform rotates only then, and 600 in classic mode.
     */
    marginSeconds?: number;
    /** How often a stable token is confirmed with the platform, seconds; 0 for never. Default: 300. */
    confirmSeconds?: number;
    /** How long one replica has the right to renew a token, seconds; longer than two calls may take. Default: 30. */
    leaseSeconds?: number;
    /** How often this replica asks the database for tokens that others have renewed, milliseconds. Default: 1000. */
    syncIntervalMs?: number;
    /** How many due tokens are claimed at a time. Default: 100. */
    batchSize?: number;
    /** How many calls to WeChat the cron of this replica has under way at the same time. Default: 10. */
    concurrency?: number;
  };

  /**
   * Encrypts the stored values with AES-256-GCM: the first key seals, all of them open. Default: none, the values are plain,
   * for readers in other languages. A key is 32 bytes in base64.
   */
  encryptionKeys?: readonly { id: string; key: string }[];

  /**
   * The routes. Without keys and guards there are none. Where they are, the extra `routePrefix` says, which
   * `WechatTokenModule.forRoot()` and `forRootAsync()` take beside `isGlobal`.
   */
  http?: {
    /** Who may use them: a list, or a source of keys that change while the app runs. Default: nobody. */
    apiKeys?: readonly ApiKey[] | ApiKeySource;
    /**
     * The app's own guards, in place of keys, for the routes of `admin` and `tokens`: classes, taken from the app where it
     * provides them and made for the module where not, or instances. Whom all of them let in may use every route and every
     * account; a guard that is to tell them apart goes by the request's method and path. Events name him by the `id` of the
     * request's `user`, or "app". Default: none.
     */
    guards?: readonly AppGuard[];
    /** `/admin/wechat-tokens`: for operators, without the tokens' values. Default: true. */
    admin?: boolean;
    /** `/wechat-tokens/:name`: tokens for programs in any language. Default: true. */
    tokens?: boolean;
    /** `/cgi-bin/token` and `/cgi-bin/stable_token` in WeChat's own shape. They need keys. Default: true. */
    wechatShaped?: boolean;
  };
}
