// What must the engine know of a kind of token?

import type { Account } from '../accounts/account.js';
import type { TokenKind, TokenName } from '../common/token-name.js';
import type { Errcodes } from './errcodes.js';
import type { Platform } from './platform.js';

/**
 * What a call gives while the token of the call before is still valid.
 * - `same`: that token, and the answer's life is the truth: what is left of it, or more where the platform extends it.
 * - `rotates`: another token. The source is called only when its token is due, and only under the lease.
 * - `same, life counted anew`: that token, and the answer repeats a whole life whatever is left of it. The end that is stored
 *   stays; only once it has passed does the token live on, for a few minutes at a time.
 */
export type RepeatedCall = 'same' | 'rotates' | 'same, life counted anew';

/** A call of the source's platform. */
export interface PlatformCall {
  readonly method: 'GET' | 'POST';
  /** An absolute path on the source's host, such as `/cgi-bin/token`, without the query. */
  readonly path: string;
  readonly params?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Plain data, which is sent as JSON. */
  readonly body?: unknown;
  /**
   * Where a call that may be executed twice is repeated: on the same host, when it closed a connection that was kept open; on any
   * fallback host, also after no response. Default: nowhere.
   */
  readonly repeatable?: 'same host' | 'any host';
  /** Default: those of the source. */
  readonly errcodes?: Errcodes;
}

/**
 * The JSON object of an answer. Whole numbers beyond ±(2^53 - 1) are strings of their digits; `errcode`, if there is one, is a
 * number.
 */
export type PlatformAnswer = Readonly<Record<string, unknown>>;

/** @throws UpstreamError when the platform refuses, by the table of errcodes, or gives no JSON object within `api.timeoutMs`. */
export type Call = (call: PlatformCall) => Promise<PlatformAnswer>;

/** The tokens that a source's own token is made from. */
export interface InputTokens {
  /** A valid value; in memory already for the tokens that `needs` names. @throws TokenUnavailableError */
  get(name: TokenName): Promise<string>;
  /**
   * R5: the value to use instead of one that the platform has refused: that of another replica, or a new one.
   * @throws TokenUnavailableError, RefreshBudgetError
   */
  replace(name: TokenName, rejected: string): Promise<string>;
}

export interface IssueRequest {
  readonly account: Account;
  /** The current token is to be ended and another issued (R9). Never true for a source that cannot force. */
  readonly force: boolean;
  readonly tokens: InputTokens;
  readonly call: Call;
  /**
   * A call with another token of the same account, of that kind. Where the platform refuses it as invalid (class `rejected`), the token is
   * replaced and the call repeated, once.
   */
  readonly callWith: (
    kind: TokenKind,
    callFor: (token: string) => PlatformCall,
  ) => Promise<PlatformAnswer>;
}

export interface ProbeRequest {
  readonly account: Account;
  /** The token that is tried. */
  readonly value: string;
  readonly call: Call;
}

/** What the platform issued, as it came: the engine validates it (R6). */
export interface SourceAnswer {
  /** A string of 1 to 8192 printable ASCII characters. */
  readonly value: unknown;
  /** Whole seconds from now, a number or a string of digits, 30 days at most. */
  readonly expiresIn: unknown;
}

/** A limit of the platform on the calls of one source. */
export interface CallLimit {
  /** 1 to 1000. */
  readonly perHour: number;
  /** Calls with the same text here share the limit, such as those of all applications of a corporation; at most 150 characters. */
  readonly countedAs: string;
}

/**
 * A source issues one kind of token by calls to a platform, and declares what the engine has to know: the engine asks nothing else.
 * Implement it for a platform of your own and pass it in the option `sources`; docs/adding-a-source.md has an example.
 */
export interface TokenSource {
  /** Stored in the row's `source`, and a label of metrics; 1 to 32 letters, digits, `_` or `-`. */
  readonly id: string;
  /**
   * The kind of its tokens, the first part of their names, such as `access_token`, which `AccessTokenProvider` hands out, or one of
   * your own, which `TokenProvider` does; 1 to 32 lower-case letters, digits or `_`.
   */
  readonly kind: TokenKind;
  /**
   * A kind of account of its own, which `accounts[].kind` may be then, with `appId` and `appSecret`; 1 to 32 lower-case letters, digits
   * or `-`, and none of this package's. Default: none.
   */
  readonly accountKind?: string;
  readonly platform: Platform;
  /** The codes with which the platform refuses a call of this source. One that is missing here is `transient`. */
  readonly errcodes: Errcodes;
  readonly repeatedCall: RepeatedCall;
  /** Whether `issue` can end a token that is still valid and get another. */
  readonly canForce: boolean;
  /** Whether replicas may call at the same time, each without the lease: then a token can be had without the database (R11). */
  readonly mayCallInParallel: boolean;
  /**
   * Whether a call before the token is due harms nobody. Then the token is confirmed from time to time (`confirmSeconds`), and an
   * operator may ask for it at any time.
   */
  readonly isEarlyCallHarmless: boolean;
  /** How long before its end a token is renewed, seconds; a third of its life at most, and `marginSeconds` overrides it. */
  readonly marginSeconds: number;
  /**
   * What brings another token in place of one that the platform has refused: a call, since the platform knows that it is invalid; or
   * a forced one, where that call gives the refused token again (R5).
   */
  readonly rejectionHealedBy: 'call' | 'forced call';
  /** Limits that all replicas keep together. Default: none. */
  limits?(account: Account): readonly CallLimit[];
  /**
   * Whether this source issues the account's tokens of its kind. Where several do, it is the first: those of this package, then those
   * of the option `sources` in their order.
   */
  serves(account: Account): boolean;
  /** The names of the tokens that `issue` uses; they are made valid before the lease is taken, since its time runs. Default: none. */
  needs?(account: Account): readonly TokenName[];
  /** Issues a token. @throws UpstreamError; any other error counts as a transient failure, and is reported by its class alone. */
  issue(request: IssueRequest): Promise<SourceAnswer>;
  /**
   * Tries a token in a harmless call, to see whether a report over HTTP is true (R5): true when the platform accepts it; a refusal as
   * `rejected` says that it does not, and anything else proves nothing. Default: there is no such call. Where `rejectionHealedBy` is
   * `call`, that call is the platform's word then, and the same token again means that it is good; else every report counts as true.
   */
  probe?(request: ProbeRequest): Promise<boolean>;
}
