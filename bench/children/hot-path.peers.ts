import WechatAPI from 'co-wechat-api';
import { WeChatService } from 'nest-wechat';
import { OfficialAccount } from 'node-easywechat';
import { routeNestWechatTo } from '../contestants/nest-wechat.js';
import { fileCache } from '../contestants/node-easywechat.js';
import type { Candidate } from '../harness/candidate.js';
import {
  type HotPathInput,
  PICKS,
  randomPicks,
  type StoredAccounts,
} from './hot-path.input.js';

const LIFE_SECONDS = 7000;

/** The peers, each with a valid token in its own store; those with a store in memory also with many accounts. */
export async function peerCandidates(
  input: HotPathInput,
): Promise<Candidate[]> {
  return [
    await coWechatApi(input),
    await nestWechat(input),
    await easywechat('node-easywechat', input),
    await easywechat('node-easywechat-memory', input, new MapCache()),
    await coWechatApiOfMany(input.many),
    nestWechatOfMany(input.many),
  ];
}

async function coWechatApi({ wechatUrl, one }: HotPathInput) {
  const { appId, appSecret } = one.account;
  const api = new WechatAPI(appId, appSecret);
  api.prefix = `${wechatUrl}/cgi-bin/`;
  await api.ensureAccessToken();
  return {
    key: 'co-wechat-api',
    run: async (times: number) => {
      for (let done = 0; done < times; done++) await api.ensureAccessToken();
    },
  };
}

async function nestWechat({ wechatUrl, one }: HotPathInput) {
  routeNestWechatTo(wechatUrl);
  const { appId, appSecret } = one.account;
  const service = new WeChatService({ appId, secret: appSecret });
  if (!(await service['getToken']())) throw new Error('no token');
  return {
    key: 'nest-wechat',
    run: async (times: number) => {
      for (let done = 0; done < times; done++) await service['getToken']();
    },
  };
}

/** node-easywechat with its default file store, or with another cache, for which it has a setter. */
async function easywechat(
  key: string,
  { wechatUrl, one, folder }: HotPathInput,
  cache?: MapCache,
) {
  const app = new OfficialAccount({
    app_id: one.account.appId,
    secret: one.account.appSecret,
    http: { baseURL: wechatUrl },
    file_cache: fileCache(folder),
  });
  if (cache) app.setCache(cache);
  const accessToken = app.getAccessToken();
  await accessToken.getToken();
  return {
    key,
    run: async (times: number) => {
      for (let done = 0; done < times; done++) await accessToken.getToken();
    },
  };
}

/** co-wechat-api with many accounts: one object for each account. */
async function coWechatApiOfMany({ accounts, tokens }: StoredAccounts) {
  const apis = new Map<string, WechatAPI>();
  const expireTime = Date.now() + LIFE_SECONDS * 1000;
  for (const [index, { name, appId, appSecret }] of accounts.entries()) {
    const api = new WechatAPI(appId, appSecret);
    await api.saveToken({ accessToken: tokens[index] ?? '', expireTime });
    apis.set(name, api);
  }
  const names = randomPicks(accounts.map(({ name }) => name));
  return {
    key: 'co-wechat-api-many',
    run: async (times: number) => {
      for (let done = 0; done < times; done++)
        await apis.get(names[done & (PICKS - 1)] ?? '')?.ensureAccessToken();
    },
  };
}

/** nest-wechat with many accounts: one object for all accounts. */
function nestWechatOfMany({ accounts, tokens }: StoredAccounts) {
  const service = new WeChatService({ appId: '', secret: '' });
  for (const [index, { appId }] of accounts.entries())
    service.cacheAdapter.set(`${WeChatService.KEY_ACCESS_TOKEN}_${appId}`, {
      access_token: tokens[index],
      expires_in: Math.floor(Date.now() / 1000) + LIFE_SECONDS,
    });
  const picks = randomPicks(accounts);
  return {
    key: 'nest-wechat-many',
    run: async (times: number) => {
      for (let done = 0; done < times; done++) {
        const account = picks[done & (PICKS - 1)];
        await service['getToken'](account?.appId, account?.appSecret);
      }
    },
  };
}

class MapCache {
  private readonly entries = new Map<string, unknown>();

  async get(id: string) {
    return this.entries.get(id);
  }

  async has(id: string) {
    return this.entries.has(id);
  }

  async set(id: string, data: unknown) {
    this.entries.set(id, data);
    return true;
  }

  async delete(id: string) {
    return this.entries.delete(id);
  }
}
