// What does the app configure?

import type { ConfiguredAccount } from '../accounts/account.js';
import type { AccountSource } from '../accounts/account-source.js';
import type { TokenSource } from '../sources/token-source.js';
import type { TokenObserver } from '../common/observer.js';
import type {
  ApiKey,
  ApiKeySource,
  AppGuard,
  PlainValues,
  Role,
} from '../common/settings.js';

/** The options of `WechatTokenModule.forRoot()`. Every option but `accounts` has a default that suits production. */
export interface WechatTokenModuleOptions {
  /** The credentials: a list, or the app's own source. */
  accounts: readonly ConfiguredAccount[] | AccountSource;

  /**
   * `refresher` calls WeChat; any number of replicas may be refreshers, and only one at a time renews a token.
   * `reader` never calls WeChat, for a machine whose IP is not in the whitelist, and serves the tokens that refreshers store.
   * Default: `refresher`.
   */
  role?: Role;

  /**
   * Kinds of token of the app's own, besides those of WeChat and WeCom (docs/adding-a-source.md). Default: none.
   */
  sources?: readonly TokenSource[];

  api?: {
    /** The address of WeChat's API. Default: `https://api.weixin.qq.com`. */
    baseUrl?: string;
    /**
     * Hosts to try, with the scheme of `baseUrl`, in this order, when the connection to the previous one fails; in stable mode also when that one does not
     * respond within its share of the timeout. Not used after a classic or forced call that may have been executed.
     * Default: none.
     */
    fallbackUrls?: readonly string[];
    /**
     * Whether `baseUrl`, `fallbackUrls` and `wecomBaseUrl` may begin with `http://` where they are not loopback: for a stand-in of WeChat, in a
     * network of your own. Default: false.
     */
    allowHttp?: boolean;
    /** The address of WeCom's API. Default: `https://qyapi.weixin.qq.com`. */
    wecomBaseUrl?: string;
    /** The time limit of one call, all hosts together, milliseconds. Default: 5000. */
    timeoutMs?: number;
    /**
     * The HTTP proxy for every call to WeChat, with a user and a password where it needs them: `http://user:password@host:3128`.
     * Default: that of the environment (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`; loopback and hosts in `NO_PROXY` are called
     * directly).
     */
    proxyUrl?: string;
  };

  refresh?: {
    /** The cron expression by which this replica checks for due tokens. Default: every 5 seconds. */
    cron?: string;
    /**
     * How long before its expiry a token is renewed, seconds; limited to a third of its life.
     * Default: that of the source: 600 in classic mode, 300 for the others, which the platform renews only then.
     */
    marginSeconds?: number;
    /**
     * The interval at which a stable token is confirmed with the platform, seconds; 0 disables it. A ticket or a WeCom token whose age is
     * not known is confirmed half as often, until another one comes. Default: 300.
     */
    confirmSeconds?: number;
    /** The duration of a lease, the exclusive right to renew a token, seconds; longer than two calls to the platform. Default: 30. */
    leaseSeconds?: number;
    /** The interval at which this replica polls the database for changes by others, milliseconds. Default: 1000. */
    syncIntervalMs?: number;
    /** The number of due tokens that are claimed at a time. Default: 100. */
    batchSize?: number;
    /** The number of concurrent calls to the platforms by the cron of this replica. Default: 10. */
    concurrency?: number;
  };

  /**
   * Encrypts the stored values with AES-256-GCM: the first key encrypts, every key decrypts. A key is 32 bytes in base64.
   * Default: none; the values are plain, for readers in other languages.
   */
  encryptionKeys?: readonly { id: string; key: string }[];

  /**
   * `allow`: with `encryptionKeys`, tokens that are stored as plain text are read all the same. For the time in which encryption is
   * introduced, until `resealTokens()` (`npm run reseal`) has encrypted them; said in the log at each start.
   * Default: `refuse`, or whoever can write the table could put a token of their own in place of an encrypted one.
   */
  encryptionPlain?: PlainValues;

  /**
   * The HTTP routes. They exist only with `apiKeys` or `guards`; while a source has no keys, they answer 404. Their path prefix is
   * `routePrefix`, which `WechatTokenModule.forRoot()` and `forRootAsync()` take beside `isGlobal`. Without `guards`, all are at
   * their exact paths and in their own shapes, past what the app does to all of its routes; only the app's guards for all routes
   * decide about the `admin` routes too, which they know by the `metadata` beside `routePrefix` (docs/adr/0012).
   */
  http?: {
    /** The API keys: a list, or a source of keys that change while the app runs. Default: none. */
    apiKeys?: readonly ApiKey[] | ApiKeySource;
    /**
     * The app's own guards, in place of keys, for the `admin` and `tokens` routes: instances, or classes, which are taken from
     * the app's providers or else instantiated. A caller that passes all guards may use every route and every account; for
     * finer access control a guard checks the method and path of the request. Events name the caller by the `id` of the
     * request's `user`, or "app". Default: none.
     */
    guards?: readonly AppGuard[];
    /** Enables `/admin/wechat-tokens`, the routes for operators, which never return token values. Default: true. */
    admin?: boolean;
    /** Enables `/wechat-tokens/:name`, tokens for programs in any language. Default: true. */
    tokens?: boolean;
    /**
     * Enables `/cgi-bin/token`, `stable_token` and `ticket/getticket` in the format of WeChat, and `gettoken`, `get_jsapi_ticket` and
     * `ticket/get` in that of WeCom; they require API keys. Default: true.
     */
    wechatShaped?: boolean;
  };

  /**
   * Is notified of every renewal, call of WeChat, wait, statement and so on, synchronously: an object with a method for each topic that
   * it wants (docs/metrics.md lists them with their payloads). `nestjs-wechat-token/prometheus` has one. The same is published on
   * Node's `diagnostics_channel`. Default: none.
   */
  observer?: TokenObserver;
}
