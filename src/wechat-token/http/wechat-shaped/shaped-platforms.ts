import type { Account } from '../../accounts/account.js';
import { type PlatformError, WECHAT_ERRORS } from '../problem/wechat-errors.js';

/** Why a client is not given a token. */
export type Refusal =
  | 'secretWrong'
  | 'tokenWrong'
  | 'tooOften'
  | 'appIdMissing'
  | 'appIdWrong'
  | 'agentIdWrong'
  | 'severalApplications';

/** A platform whose clients are answered as it would. */
export interface ShapedPlatform {
  readonly errors: Readonly<Record<Refusal | 'busy', PlatformError>>;
  /** The code for a call that an account may not make. */
  readonly forbidden: number;
  /** Whether one id may be that of several accounts, each with a token of its own. */
  readonly hasApplications: boolean;
  has(account: Account): boolean;
}

/** Errors with WeCom's own codes. */
export const WECOM_ERRORS = {
  busy: { errcode: -1, errmsg: 'system error' },
  secretWrong: { errcode: 40001, errmsg: 'invalid credential' },
  appIdWrong: { errcode: 40013, errmsg: 'invalid corpid' },
  /** SDKs request another token then. */
  tokenWrong: { errcode: 40014, errmsg: 'invalid access_token' },
  agentIdWrong: { errcode: 40056, errmsg: 'invalid agentid' },
  typeWrong: {
    errcode: 40058,
    errmsg: 'invalid Request Parameter: type must be agent_config',
  },
  tokenMissing: { errcode: 41001, errmsg: 'access_token missing' },
  appIdMissing: { errcode: 41002, errmsg: 'corpid missing' },
  secretMissing: { errcode: 41004, errmsg: 'corpsecret missing' },
  /** On the platform the secret says which application it is. */
  severalApplications: {
    errcode: 40001,
    errmsg:
      'this API key is for several applications of the corporation: limit it by "accounts" to one of them, or send agentid too',
  },
  posted: { errcode: 43001, errmsg: 'require GET method' },
  tooOften: { errcode: 45009, errmsg: 'api freq out of limit' },
} as const satisfies Readonly<Record<string, PlatformError>>;

export const WECHAT: ShapedPlatform = {
  errors: {
    ...WECHAT_ERRORS,
    agentIdWrong: WECHAT_ERRORS.appIdWrong,
    severalApplications: WECHAT_ERRORS.appIdWrong,
  },
  forbidden: 48001,
  hasApplications: false,
  has: ({ isOfWechat }) => isOfWechat,
};

export const WECOM: ShapedPlatform = {
  errors: WECOM_ERRORS,
  forbidden: 48002,
  hasApplications: true,
  has: ({ kind }) => kind === 'wecom',
};
