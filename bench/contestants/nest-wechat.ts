import { createRequire } from 'node:module';
import type { AxiosStatic } from 'axios';
import { WeChatService } from 'nest-wechat';
import {
  check,
  type Contestant,
  type ContestantOptions,
  PATIENCE_MS,
} from './contestant.js';

const WECHAT = 'https://api.weixin.qq.com';

/** With its default store: this process's memory. */
export async function nestWechat({
  appId,
  appSecret,
  wechatUrl,
}: ContestantOptions): Promise<Contestant> {
  routeNestWechatTo(wechatUrl);
  const service = new WeChatService({ appId, secret: appSecret });
  return {
    start: () => Promise.resolve(),
    getToken: async () => {
      // Private; what it offers instead asks WeChat each time. All its calls begin with this.
      const token = await service['getToken']();
      // It has no other way to say that it got none.
      if (!token) throw new Error('no token');
      return token;
    },
    call: async () => check(await service.sendTemplateMessage(MESSAGE)),
  };
}

const MESSAGE = { touser: 'somebody', template_id: 'a-template', data: {} };

/** Its URLs are written out in full; it calls them with the axios that all of the process share. */
export function routeNestWechatTo(wechatUrl: string): void {
  const require = createRequire(
    createRequire(import.meta.url).resolve('nest-wechat'),
  );
  const axios = require('axios') as AxiosStatic;
  axios.interceptors.request.use((request) => ({
    ...request,
    url: request.url?.replace(WECHAT, wechatUrl) ?? '',
    timeout: PATIENCE_MS,
  }));
}
