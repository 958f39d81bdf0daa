/** It ships no types; this is what the tests use of it. */
declare module 'co-wechat-api' {
  export default class WechatAPI {
    constructor(appId: string, appSecret: string);
    /** Address of the API's folder `cgi-bin`, with a slash at its end. */
    prefix: string;
    getMenu(): Promise<unknown>;
  }
}
