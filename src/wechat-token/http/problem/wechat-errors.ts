/** An error in the shape of WeChat and of WeCom. */
export interface PlatformError {
  readonly errcode: number;
  readonly errmsg: string;
}

/** Errors with WeChat's own codes and messages, which every SDK knows. */
export const WECHAT_ERRORS = {
  busy: { errcode: -1, errmsg: 'system error' },
  /** SDKs request another token then. */
  tokenWrong: {
    errcode: 40001,
    errmsg: 'invalid credential, access_token is invalid or not latest',
  },
  grantType: { errcode: 40002, errmsg: 'invalid grant_type' },
  tokenMissing: { errcode: 41001, errmsg: 'access_token missing' },
  appIdMissing: { errcode: 41002, errmsg: 'appid missing' },
  secretMissing: { errcode: 41004, errmsg: 'appsecret missing' },
  secretWrong: { errcode: 40125, errmsg: 'invalid appsecret' },
  appIdWrong: { errcode: 40013, errmsg: 'invalid appid' },
  typeWrong: {
    errcode: 40097,
    errmsg: 'invalid args: type must be jsapi or wx_card',
  },
  posted: { errcode: 43001, errmsg: 'require GET method' },
  notPosted: { errcode: 43002, errmsg: 'require POST method' },
  notJson: { errcode: 47001, errmsg: 'data format error' },
  /** After too many wrong keys: SDKs wait a minute. */
  tooOften: {
    errcode: 45011,
    errmsg: 'api minute-quota reach limit, must slower, retry next minute',
  },
} as const satisfies Readonly<Record<string, PlatformError>>;
