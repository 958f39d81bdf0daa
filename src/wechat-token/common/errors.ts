import { messages } from './messages.js';

const BRAND = Symbol.for('nestjs-wechat-token.error');

/** Base of every error that this package throws; `code` is stable, the message is for people. */
export abstract class WechatTokenError extends Error {
  abstract readonly code: string;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    // Non-enumerable, and global: two copies of the package in one process still know each other's errors.
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/** No valid token can be had within the caller's timeout. The cause, if any, says why. */
export class TokenUnavailableError extends WechatTokenError {
  readonly code = 'TOKEN_UNAVAILABLE';

  constructor(
    message: string,
    /** Seconds after which a new try may succeed; undefined when only an operator can help. */
    readonly retryAfter?: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** WeChat answered a business call with an error, after at most one retry with a new token. */
export class WechatApiError extends WechatTokenError {
  readonly code = 'WECHAT_API_ERROR';

  /** WeChat's error code; undefined when there was no usable answer at all. */
  readonly errcode: number | undefined;
  /** WeChat's own words, with secrets and tokens removed. */
  readonly errmsg: string;
  /** WeChat's id of the request, to quote to their support. */
  readonly rid: string | undefined;
  /** `transient`, `rejected`, `credentials`, `ip`, `quota`, `account`, or `api` for an errcode of the called API itself. */
  readonly class: string;

  constructor(
    message: string,
    answer: { errcode?: number; errmsg: string; rid?: string; class: string },
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.errcode = answer.errcode;
    this.errmsg = answer.errmsg;
    this.rid = answer.rid;
    this.class = answer.class;
  }
}

/** The account is not configured. */
export class UnknownAccountError extends WechatTokenError {
  readonly code = 'UNKNOWN_ACCOUNT';
}

/**
 * The app's own AccountSource has thrown, or answered with what is no account. Nothing of what it threw is kept but the class
 * (R15).
 */
export class AccountSourceError extends WechatTokenError {
  readonly code = 'ACCOUNT_SOURCE';

  constructor(
    message: string,
    /** Such as `QueryFailedError`; undefined when it did not throw, and the account has to be corrected. */
    readonly thrown?: string,
  ) {
    super(message);
  }
}

/** No source is registered for a token of this kind and account. */
export class UnknownTokenError extends WechatTokenError {
  readonly code = 'UNKNOWN_TOKEN';
}

/** The day's forced renewals are spent, or the last one was less than 30 s ago (R9). */
export class RefreshBudgetError extends WechatTokenError {
  readonly code = 'REFRESH_BUDGET';

  constructor(
    message: string,
    /** Seconds until the next forced renewal is possible. */
    readonly retryAfter: number,
  ) {
    super(message);
  }
}

/** One thing that is wrong with the options. */
export interface ConfigurationFault {
  /** Such as `accounts[0].appId`. */
  readonly field: string;
  /** What is wrong, and what would be right; never the value. */
  readonly problem: string;
}

/** The options are wrong; `faults` lists every fault found. */
export class ConfigurationError extends WechatTokenError {
  readonly code = 'CONFIGURATION';

  constructor(
    readonly faults: readonly ConfigurationFault[],
    message = messages.configuration(faults),
  ) {
    super(message);
  }
}

/** The database could not be asked. The message names no value and no statement's parameters. */
export class StoreError extends WechatTokenError {
  readonly code = 'STORE';

  constructor(
    message: string,
    /** The driver's code, such as `ECONNREFUSED` or `ER_NO_SUCH_TABLE`. */
    readonly driverCode: string,
  ) {
    super(message);
  }
}

/** A stored value is encrypted with a key that is not configured, or was tampered with. It is left as it is. */
export class SealedValueError extends WechatTokenError {
  readonly code = 'SEALED_VALUE';
}

/** A token cannot be written as a plain variable. */
export class ManagedVariableError extends WechatTokenError {
  readonly code = 'MANAGED_VARIABLE';
}

export function isWechatTokenError(error: unknown): error is WechatTokenError {
  return error instanceof Error && BRAND in error;
}

function guard<E extends WechatTokenError>(code: E['code']) {
  return (error: unknown): error is E =>
    isWechatTokenError(error) && error.code === code;
}

export const isTokenUnavailableError =
  guard<TokenUnavailableError>('TOKEN_UNAVAILABLE');
export const isWechatApiError = guard<WechatApiError>('WECHAT_API_ERROR');
export const isUnknownAccountError =
  guard<UnknownAccountError>('UNKNOWN_ACCOUNT');
export const isAccountSourceError = guard<AccountSourceError>('ACCOUNT_SOURCE');
export const isUnknownTokenError = guard<UnknownTokenError>('UNKNOWN_TOKEN');
export const isRefreshBudgetError = guard<RefreshBudgetError>('REFRESH_BUDGET');
export const isConfigurationError = guard<ConfigurationError>('CONFIGURATION');
export const isStoreError = guard<StoreError>('STORE');
export const isSealedValueError = guard<SealedValueError>('SEALED_VALUE');
export const isManagedVariableError =
  guard<ManagedVariableError>('MANAGED_VARIABLE');
