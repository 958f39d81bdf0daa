import { createRequire } from 'node:module';
import type { AxiosStatic } from 'axios';
import { WeChatService } from 'nest-wechat';
import {
  check,
  type Contestant,
  type ContestantOptions,
  TIMEOUT_MS,
} from './contestant.js';

const WECHAT = 'https://api.weixin.qq.com';

/** nest-wechat with its default store, the memory of the process. */
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
      // A private method, with which all its calls begin; its public one calls WeChat each time.
      const token = await service['getToken']();
      // An empty result is its only sign of a failure.
      if (!token) throw new Error('no token');
      return token;
    },
    call: async () => check(await service.sendTemplateMessage(MESSAGE)),
  };
}

const MESSAGE = { touser: 'somebody', template_id: 'a-template', data: {} };

/** Redirects its hard-coded URLs, which it calls with the axios instance that the process shares. */
export function routeNestWechatTo(wechatUrl: string): void {
  const require = createRequire(
    createRequire(import.meta.url).resolve('nest-wechat'),
  );
  const axios = require('axios') as AxiosStatic;
  axios.interceptors.request.use((request) => ({
    ...request,
    url: request.url?.replace(WECHAT, wechatUrl) ?? '',
    timeout: TIMEOUT_MS,
  }));
}
