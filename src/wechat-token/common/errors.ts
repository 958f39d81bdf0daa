import { messages } from './messages.js';

const BRAND = Symbol.for('nestjs-wechat-token.error');

/** Base class of every error that this package throws. `code` is stable; the message is for people and may change. */
export abstract class WechatTokenError extends Error {
  abstract readonly code: string;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    // A global symbol: two copies of the package in one process recognise each other's errors.
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/** No valid token was available within the caller's timeout. `cause` is the underlying error, if there is one. */
export class TokenUnavailableError extends WechatTokenError {
  readonly code = 'TOKEN_UNAVAILABLE';

  constructor(
    message: string,
    /** Seconds after which a retry may succeed; undefined when only an operator can fix the cause. */
    readonly retryAfter?: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** WeChat answered a business call with an error, after at most one retry with a new token. */
export class WechatApiError extends WechatTokenError {
  readonly code = 'WECHAT_API_ERROR';

  /** WeChat's error code; undefined when there was no usable response. */
  readonly errcode: number | undefined;
  /** WeChat's error message, with secrets and tokens removed. */
  readonly errmsg: string;
  /** WeChat's request id, for their support. */
  readonly rid: string | undefined;
  /**
   * `transient`, `certificate`, `rejected`, `credentials`, `ip`, `quota`, `account`, or `api` for an errcode of the called API itself
   * and for a call that was refused before it was sent.
   */
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

/** Where an error came from, without its message, which may hold a secret (R15). */
export interface ErrorOrigin {
  /** Such as `ERR_INVALID_ARG_TYPE`. */
  readonly code?: string;
  /** The functions and files that it went through. */
  readonly stack?: readonly string[];
}

/**
 * The app's AccountSource threw an error or returned an invalid account. Only the class and the origin of a thrown error are kept
 * (R15).
 */
export class AccountSourceError extends WechatTokenError {
  readonly code = 'ACCOUNT_SOURCE';

  constructor(
    message: string,
    /** The class of the thrown error, such as `QueryFailedError`; undefined for an invalid account. */
    readonly thrown?: string,
    readonly origin?: ErrorOrigin,
  ) {
    super(message);
  }
}

/** No source is registered for a token of this kind and account. */
export class UnknownTokenError extends WechatTokenError {
  readonly code = 'UNKNOWN_TOKEN';
}

/** The daily budget of forced renewals is used up, or the last one was less than 30 s ago (R9). */
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

/** The platform has no call that ends such a token before its time. */
export class CannotForceError extends WechatTokenError {
  readonly code = 'CANNOT_FORCE';
}

/** One fault in the options. */
export interface ConfigurationFault {
  /** The path of the option, such as `accounts[0].appId`. */
  readonly field: string;
  /** What the field must be; never its value (R15). */
  readonly problem: string;
}

/** The options are invalid; `faults` lists every fault. */
export class ConfigurationError extends WechatTokenError {
  readonly code = 'CONFIGURATION';

  constructor(
    readonly faults: readonly ConfigurationFault[],
    message = messages.configuration(faults),
  ) {
    super(message);
  }
}

/** A database query failed. The message contains neither values nor parameters (R15). */
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

/** The driver code of a statement that did not run because the app's transaction is open on the one SQLite connection. */
export const OPEN_TRANSACTION = 'OPEN_TRANSACTION';

/** A stored value cannot be decrypted: its key is not configured, or the value was modified. The row is left unchanged. */
export class SealedValueError extends WechatTokenError {
  readonly code = 'SEALED_VALUE';
}

/** The row of a token belongs to another appid, whose app keeps it valid: two apps call their accounts alike (docs/adr/0003). */
export class RowConflictError extends WechatTokenError {
  readonly code = 'ROW_CONFLICT';

  constructor(
    message: string,
    /** The appid whose token the row holds. */
    readonly heldBy: string,
  ) {
    super(message);
  }
}

/** A managed token cannot be written as a plain variable. */
export class ManagedVariableError extends WechatTokenError {
  readonly code = 'MANAGED_VARIABLE';
}

/** An argument of a call is not what it must be; nothing was done. */
export class InvalidArgumentError extends WechatTokenError {
  readonly code = 'INVALID_ARGUMENT';

  constructor(
    message: string,
    /** Its name, such as `url`. */
    readonly argument: string,
  ) {
    super(message);
  }
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
export const isCannotForceError = guard<CannotForceError>('CANNOT_FORCE');
export const isConfigurationError = guard<ConfigurationError>('CONFIGURATION');
export const isStoreError = guard<StoreError>('STORE');
/** A caller inside the app's own transaction would wait for itself: neither a retry nor another way helps. */
export const isOpenTransaction = (error: unknown) =>
  isStoreError(error) && error.driverCode === OPEN_TRANSACTION;
export const isSealedValueError = guard<SealedValueError>('SEALED_VALUE');
export const isRowConflictError = guard<RowConflictError>('ROW_CONFLICT');
export const isManagedVariableError =
  guard<ManagedVariableError>('MANAGED_VARIABLE');
export const isInvalidArgumentError =
  guard<InvalidArgumentError>('INVALID_ARGUMENT');
