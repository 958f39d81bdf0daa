import { OfficialAccount } from 'node-easywechat';
import {
  check,
  type Contestant,
  type ContestantOptions,
  TIMEOUT_MS,
} from './contestant.js';

/** node-easywechat with its default store, files that all processes share, and with its retries. */
export async function nodeEasywechat(
  options: ContestantOptions,
): Promise<Contestant> {
  const app = new OfficialAccount({
    app_id: options.appId,
    secret: options.appSecret,
    http: {
      baseURL: options.wechatUrl,
      timeout: TIMEOUT_MS,
      retry: { retries: 3 },
    },
    file_cache: fileCache(options.folder),
  });
  return {
    start: () => Promise.resolve(),
    getToken: () => app.getAccessToken().getToken(),
    call: async () => {
      const response = await app.getClient().get('cgi-bin/menu/get');
      check(response.toObject());
    },
  };
}

export function fileCache(path: string) {
  return { path, dirMode: 0o777, fileMode: 0o666, ext: '.cache' };
}
