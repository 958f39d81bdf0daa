// The shapes of the admin routes' requests and responses. The console is compiled against this file.

import type { AccountKind } from '../../accounts/account.types.js';

/** `refreshing`: a replica holds the lease. `missing`: no readable value is stored. The others are in order of urgency. */
export type TokenStatus =
  'refreshing' | 'missing' | 'expired' | 'cooling-down' | 'due' | 'valid';

/** A token without its value, for operators. Instants are ISO 8601 in UTC, by the database's clock. */
export interface AdminView {
  readonly name: string;
  readonly account: string;
  /** The appid; of a WeCom application its corpid. */
  readonly appId: string;
  /** Of a WeCom application, where it is known. */
  readonly agentId: string | null;
  readonly kind: AccountKind;
  /** Who issues the token: `WeChat`, `WeCom`, or the platform of a source of the app's own. */
  readonly platform: string;
  /** The id of the source that issued the token, such as `stable`. */
  readonly source: string | null;
  /** Whether a renewal may be forced. */
  readonly canForce: boolean;
  readonly status: TokenStatus;
  readonly fingerprint: string | null;
  readonly masked: string | null;
  readonly issuedAt: string | null;
  readonly refreshAt: string | null;
  readonly expiresAt: string | null;
  /** Whole seconds until the token expires; 0 if it is expired. */
  readonly expiresIn: number | null;
  readonly version: number;
  readonly lease: { readonly owner: string; readonly until: string } | null;
  readonly lastError: {
    readonly class: string;
    readonly errcode: number | null;
    readonly message: string;
    readonly at: string;
  } | null;
  readonly failureCount: number;
  readonly nextAttemptAt: string | null;
  /** Forced renewals since midnight, China time; 20 are allowed (R9). */
  readonly forcedToday: number;
}

/** `GET /admin/wechat-tokens`: one page of a list. */
export interface TokenPage {
  readonly items: readonly AdminView[];
  /** `after` of the next page; null on the last page. */
  readonly next: string | null;
}

/** An event of a token's history; `at` is ISO 8601 in UTC. */
export interface AdminEvent {
  readonly id: number;
  readonly at: string;
  readonly type: string;
  /** The replica, or the id of the API key, that caused the event. */
  readonly actor: string | null;
  readonly fingerprint: string | null;
  /** WeChat's response time in milliseconds. */
  readonly latencyMs: number | null;
  readonly detail: string | null;
}

/** `GET …/:name/events`: one page, the newest first. */
export interface EventPage {
  readonly items: readonly AdminEvent[];
  /** `before` of the next page; null on the last page. */
  readonly next: number | null;
}

/** What was counted in one hour, by the database's clock. */
export interface HourCount {
  /** The beginning of the hour, ISO 8601 in UTC. */
  readonly hour: string;
  readonly refreshed: number;
  readonly failed: number;
  /** The failures of this hour by class; classes without one are omitted. */
  readonly failures: Readonly<Record<string, number>>;
  /** The mean of WeChat's response times to successful renewals, milliseconds; null without one. */
  readonly latencyMs: number | null;
}

/** `GET …/summary`: all tokens that the caller may see, at a glance. */
export interface FleetSummary {
  /** The database's clock, ISO 8601 in UTC. */
  readonly at: string;
  readonly total: number;
  readonly statuses: Readonly<Record<TokenStatus, number>>;
  /** The kinds of token that there may be, sorted, such as `access_token` and `jsapi_ticket`. */
  readonly kinds: readonly string[];
  /** The last 24 clock hours, the oldest first; hours without events are zeros. */
  readonly hours: readonly HourCount[];
  /**
   * The replicas that have renewed tokens, or tried to, in the last 24 clock hours, the latest first: 20 at most. Empty for a caller
   * who is limited to some accounts.
   */
  readonly leaseHolders: readonly LeaseHolder[];
  /**
   * The platforms as the server sees them, from the last two clock hours: `failing` when only failures of the platform were counted, `degraded` with
   * both failures and successes, `idle` without either. Of the platform are the classes `transient` and `certificate`; the others
   * concern one account.
   */
  readonly wechat: {
    readonly state: 'ok' | 'degraded' | 'failing' | 'idle';
    readonly failures: Readonly<Record<string, number>>;
  };
  readonly database: {
    /** `mysql` (MariaDB too), `postgres` or `sqlite`. */
    readonly kind: string;
    /** The time of the last statement of this response, milliseconds. */
    readonly latencyMs: number;
  };
  /** Of the replica that answered. */
  readonly replica: { readonly id: string; readonly role: string };
}

export interface LeaseHolder {
  readonly owner: string;
  /** The tokens that WeChat has issued to it in the last 24 clock hours. */
  readonly tokens: number;
  /** The beginning of the clock hour of its latest renewal or failure, ISO 8601 in UTC. */
  readonly lastAt: string;
}

/** `GET …/:name/stats`: the counts of one token in the last 7 days. */
export interface TokenStats {
  readonly name: string;
  /** The last 168 clock hours, the oldest first; hours without events are zeros. */
  readonly hours: readonly HourCount[];
  /** Forced renewals (R9): WeChat's day is China's. */
  readonly forced: {
    readonly today: number;
    readonly limit: number;
    readonly left: number;
    /** Midnight, China time, ISO 8601 in UTC. */
    readonly resetsAt: string;
  };
}

/** `GET …/:name/quota`: WeChat's own counters, asked when requested. */
export interface QuotaView {
  readonly name: string;
  readonly items: readonly {
    /** The endpoint, such as `/cgi-bin/token`. */
    readonly path: string;
    readonly dailyLimit: number | null;
    readonly used: number | null;
    readonly remain: number | null;
    /** Why WeChat did not answer for this endpoint; null when it did. */
    readonly error: {
      readonly errcode: number;
      readonly message: string;
    } | null;
  }[];
}

/** The data of a stream's `page` event: the order of the tokens that the stream has sent, the others have left the page. */
export interface StreamedPage {
  readonly names: readonly string[];
  /** As in {@link TokenPage}. */
  readonly next: string | null;
}

/** The body of `POST …/:name/refresh`; every field is optional. */
export interface AdminRefreshRequest {
  readonly force?: boolean;
  readonly expectedFingerprint?: string;
  readonly reason?: string;
}
