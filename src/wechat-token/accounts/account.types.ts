/** The kinds of account whose tokens `api.weixin.qq.com` issues, all from the same endpoints. */
export type WechatKind =
  'official-account' | 'mini-program' | 'mini-game' | 'website' | 'mobile-app';

/** The kind of account: one of WeChat's, an application of WeCom, or a kind of one of the app's own sources. */
export type AccountKind = WechatKind | 'wecom' | (string & {});
