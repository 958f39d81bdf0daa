import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { DynamicModule } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { AxiosStatic } from 'axios';
import { WeChatService } from 'nest-wechat';
import { OfficialAccount } from 'node-easywechat';
import { DEFAULT_FAKE_ACCOUNT } from '../../src/testing/index.js';
import type { AccessTokenProvider } from '../../src/wechat-token/index.js';
import { importRecipes } from '../interop/recipe.js';
import type { SdkClient } from '../interop/sdk-clients.js';
import { PROJECT } from '../support/build.js';
import { callOnce } from '../support/fleet.js';
import { World } from '../support/world.js';
import { codeOf } from './page-code.js';

const PAGE = 'docs/moving-in.md';
const { appId, appSecret } = DEFAULT_FAKE_ACCOUNT;
const require = createRequire(join(PROJECT, 'package.json'));

interface Moved {
  /** With the AppSecret, as it was before. */
  readonly before: SdkClient;
  /** As the page says. */
  readonly after: SdkClient;
}
type SetUp = (wechatUrl: string, tokens: AccessTokenProvider) => Promise<Moved>;

const managedTokens = async (tokens: AccessTokenProvider): Promise<object> =>
  (
    await codeOf<{
      managedTokens: (tokens: AccessTokenProvider) => object;
    }>(PAGE, 'managedTokens')
  ).managedTokens(tokens);

const coWechatApi: SetUp = async (wechatUrl, tokens) => {
  const { default: WechatAPI } = await import('co-wechat-api');
  const { ManagedWechatAPI } = await importRecipes<{
    ManagedWechatAPI: new (appId: string, tokens: object) => typeof own;
  }>('managed-tokens', 'co-wechat-api');
  const own = new WechatAPI(appId, appSecret);
  const managed = new ManagedWechatAPI(appId, await managedTokens(tokens));
  const client = (api: typeof own): SdkClient => {
    api.prefix = `${wechatUrl}/cgi-bin/`;
    return { call: async () => void (await api.getMenu()) };
  };
  return { before: client(own), after: client(managed) };
};

const nodeEasywechat: SetUp = async (wechatUrl, tokens) => {
  const { useManagedTokens } = await importRecipes<{
    useManagedTokens: (app: OfficialAccount, tokens: object) => OfficialAccount;
  }>('managed-tokens', 'node-easywechat');
  const http = { baseURL: wechatUrl };
  const own = new OfficialAccount({ app_id: appId, secret: appSecret, http });
  own.setCache(new MapCacheOfEasywechat());
  const managed = useManagedTokens(
    new OfficialAccount({ app_id: appId, http }),
    await managedTokens(tokens),
  );
  const client = (app: OfficialAccount): SdkClient => ({
    call: async () => {
      const response = await app.getClient().get('cgi-bin/menu/get');
      const { errcode } = response.toObject() as { errcode: number };
      if (errcode !== 0) throw new Error(`errcode ${errcode}`);
    },
  });
  return { before: client(own), after: client(managed) };
};

const nestWechat: SetUp = async (wechatUrl, tokens) => {
  onTestFinished(routeNestWechatTo(wechatUrl));
  const { managedWeChatModule } = await codeOf<{
    managedWeChatModule: (appId: string) => DynamicModule;
  }>(PAGE, 'managedWeChatModule');
  const { retrying } = await codeOf<{
    retrying: <T>(
      tokens: AccessTokenProvider,
      call: () => Promise<T>,
    ) => Promise<T>;
  }>(PAGE, 'retrying');
  const message = { touser: 'somebody', template_id: 'a-template', data: {} };
  const own = new WeChatService({ appId, secret: appSecret });
  const app = await Test.createTestingModule({
    imports: [moduleWith(tokens), managedWeChatModule(appId)],
  }).compile();
  onTestFinished(() => app.close());
  const managed = app.get(WeChatService);
  const assert = ({ errcode }: { errcode?: unknown }) => {
    if (errcode !== 0) throw new Error(`errcode ${String(errcode)}`);
  };
  return {
    before: {
      call: async () => assert(await own.sendTemplateMessage(message)),
    },
    after: {
      call: async () =>
        assert(
          await retrying(tokens, () => managed.sendTemplateMessage(message)),
        ),
    },
  };
};

describe.each<[string, SetUp, 'classic' | 'stable']>([
  ['co-wechat-api', coWechatApi, 'classic'],
  ['node-easywechat', nodeEasywechat, 'classic'],
  ['nest-wechat', nestWechat, 'stable'],
])('from %s', (_name, setUp, kindBefore) => {
  it('beside it, then in its place, then back: nothing is refused, and it fetches nothing any more', async () => {
    await using world = await World.create();
    const { tokens } = await world.replica();
    const { wechat } = world;
    const { before, after } = await setUp(wechat.baseUrl, tokens);
    await before.call();
    const ofTheSdk = wechat.currentToken(appId, kindBefore) ?? 'no token';
    expect(await callOnce(world, ofTheSdk)).toBe(0);

    await after.call();
    const ours = await tokens.getAccessToken();
    const { calls } = wechat;
    for (let times = 0; times < 3; times += 1) await after.call();
    expect(wechat.calls.total - calls.total).toBe(3);
    expect(await callOnce(world, ofTheSdk)).toBe(0);

    await before.call();
    expect(await callOnce(world, ours)).toBe(0);
    expect(wechat.refused).toBe(0);

    // Which it could not do before, or only by ending everybody's token.
    wechat.drop(appId);
    await after.call();
    expect(wechat.refused).toBe(1);
    expect(wechat.calls.classic).toBe(kindBefore === 'classic' ? 1 : 0);
  });
});

/** Redirects its fixed URLs, which it calls with the axios that every CommonJS module of the process has. @returns the way back */
function routeNestWechatTo(wechatUrl: string): () => void {
  const { request } = (require('axios') as AxiosStatic).interceptors;
  const id = request.use((config) => ({
    ...config,
    url: config.url?.replace('https://api.weixin.qq.com', wechatUrl) ?? '',
  }));
  return () => request.eject(id);
}

/** In place of WechatTokenModule, as the page's code knows it: built. */
function moduleWith(tokens: AccessTokenProvider): DynamicModule {
  const { AccessTokenProvider: provide } = require('nestjs-wechat-token') as {
    AccessTokenProvider: typeof AccessTokenProvider;
  };
  return {
    module: class Tokens {},
    global: true,
    providers: [{ provide, useValue: tokens }],
    exports: [provide],
  };
}

/** In place of its files. */
class MapCacheOfEasywechat {
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
