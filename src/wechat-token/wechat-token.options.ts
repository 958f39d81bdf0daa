import type { WechatAccount } from './accounts/account.js';
import type { AccountSource } from './accounts/account-source.js';
import type { ApiKey, Role } from './wechat-token.settings.js';

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
    /** How many due tokens are read at a time. Default: 100. */
    batchSize?: number;
    /** How many tokens this replica renews at the same time. Default: 10. */
    concurrency?: number;
  };

  /**
   * Encrypts the stored values with AES-256-GCM: the first key seals, all of them open. Default: none, the values are plain,
   * for readers in other languages. A key is 32 bytes in base64.
   */
  encryptionKeys?: readonly { id: string; key: string }[];

  /** The routes. Without keys none of them answers. */
  http?: {
    /** Who may use them. Default: nobody. */
    apiKeys?: readonly ApiKey[];
    /** `GET /cgi-bin/token` in WeChat's own shape. Default: true. */
    wechatShaped?: boolean;
  };
}
