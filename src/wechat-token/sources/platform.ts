import type { WechatTokenSettings } from '../common/settings.js';

/** A host that is called, and how messages speak of it. */
export interface Platform {
  /** Such as `WeChat`. */
  readonly name: string;
  /** Such as `https://api.weixin.qq.com`; without a slash at the end. */
  readonly baseUrl: string;
  /** Hosts to try, in this order, when the one before cannot be reached. Default: none. */
  readonly fallbackUrls?: readonly string[];
  /** What sets `baseUrl`, for advice, such as `api.baseUrl (WECHAT_API_BASE_URL)`. Default: the source itself. */
  readonly setting?: string;
  /**
   * Where an answer has its code, which is 0 or missing unless it is a refusal, and its message: fields, or paths such as
   * `data.error_code`. Default: `errcode` and `errmsg`.
   */
  readonly refusal?: { readonly code: string; readonly message: string };
}

type Api = WechatTokenSettings['api'];

/** `api.weixin.qq.com`. */
export function wechat({ baseUrl, fallbackUrls }: Api): Platform {
  const setting = 'api.baseUrl (WECHAT_API_BASE_URL)';
  return { name: 'WeChat', baseUrl, fallbackUrls, setting };
}

/** `qyapi.weixin.qq.com`. */
export function wecom({ wecomBaseUrl }: Api): Platform {
  const setting = 'api.wecomBaseUrl (WECOM_API_BASE_URL)';
  return { name: 'WeCom', baseUrl: wecomBaseUrl, setting };
}
