import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import WechatAPI, { type AccessToken } from 'co-wechat-api';
import {
  type Contestant,
  type ContestantOptions,
  TIMEOUT_MS,
} from './contestant.js';

/** co-wechat-api with its default store, the memory of the process. */
export async function coWechatApi(
  options: ContestantOptions,
): Promise<Contestant> {
  const { appId, appSecret } = options;
  return contestant(new WechatAPI(appId, appSecret), options);
}

/**
 * co-wechat-api with a file that all processes share, as its README describes. The file is written atomically, which the code
 * in that README does not do.
 */
export async function coWechatApiOnFile(
  options: ContestantOptions,
): Promise<Contestant> {
  const { appId, appSecret, folder } = options;
  const file = join(folder, 'access_token.txt');
  let writes = 0;
  const load = async () =>
    JSON.parse(await readFile(file, 'utf8').catch(() => 'null'));
  const save = async (token: AccessToken | null) => {
    const draft = `${file}.${process.pid}.${writes++}`;
    await writeFile(draft, JSON.stringify(token));
    await rename(draft, file);
  };
  return contestant(new WechatAPI(appId, appSecret, load, save), options);
}

function contestant(
  api: WechatAPI,
  { wechatUrl }: ContestantOptions,
): Contestant {
  api.prefix = `${wechatUrl}/cgi-bin/`;
  api.setOpts({ timeout: TIMEOUT_MS });
  return {
    start: () => Promise.resolve(),
    getToken: async () => (await api.ensureAccessToken()).accessToken,
    call: async () => void (await api.getMenu()),
  };
}
