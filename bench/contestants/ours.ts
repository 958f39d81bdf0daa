import { openEngine } from '../harness/engine.js';
import type { ContestantOptions, Contestant } from './contestant.js';

export async function ours(options: ContestantOptions): Promise<Contestant> {
  const { appId, appSecret, wechatUrl, databaseUrl } = options;
  const accounts = [{ appId, appSecret }];
  const engine = await openEngine({ databaseUrl, wechatUrl, accounts });
  return {
    start: engine.start,
    getToken: () => engine.tokens.getAccessToken(),
    call: async () => void (await engine.api.get('/cgi-bin/menu/get')),
  };
}
