/** It ships no types; this is what tests and benchmarks use of it. */
declare module 'co-wechat-api' {
  export interface AccessToken {
    readonly accessToken: string;
    /** Epoch milliseconds. */
    readonly expireTime: number;
  }

  export default class WechatAPI {
    constructor(
      appId: string,
      appSecret: string,
      getToken?: () => Promise<AccessToken | null>,
      saveToken?: (token: AccessToken | null) => Promise<void>,
    );
    /** Address of the API's folder `cgi-bin`, with a slash at its end. */
    prefix: string;
    /** Options of each request; `timeout` in milliseconds. */
    setOpts(options: { timeout: number }): void;
    /** The stored token if it is valid, else a new one. */
    ensureAccessToken(): Promise<AccessToken>;
    saveToken(token: AccessToken | null): Promise<void>;
    getMenu(): Promise<unknown>;
    getTicket(type: 'jsapi' | 'wx_card'): Promise<{ readonly ticket: string }>;
  }
}
