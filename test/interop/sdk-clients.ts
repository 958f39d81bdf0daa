import { OfficialAccount } from 'node-easywechat';
import { importRecipes } from './recipe.js';

/** What a program says to the token server. */
export interface TokenServerAccess {
  readonly server: string;
  readonly key: string;
  readonly name?: string;
}

/** An SDK as its users set it up, reduced to one business call. */
export interface SdkClient {
  /** Calls `/cgi-bin/menu/get`. @throws what the SDK throws, or an Error with WeChat's errcode */
  call(): Promise<void>;
}

/** Sets an SDK up on the server's tokens, with WeChat on this host. */
export type SetUp = (
  access: TokenServerAccess,
  wechatUrl: string,
) => Promise<SdkClient>;

type Tokens = object;
interface ManagedTokens {
  ManagedTokens: new (access: TokenServerAccess) => Tokens;
}

const coWechatApi: SetUp = async (access, wechatUrl) => {
  const { ManagedTokens, ManagedWechatAPI } = await importRecipes<
    ManagedTokens & {
      ManagedWechatAPI: new (
        appId: string,
        tokens: Tokens,
      ) => { prefix: string; getMenu(): Promise<unknown> };
    }
  >('managed-tokens', 'co-wechat-api');
  const api = new ManagedWechatAPI('wx_any', new ManagedTokens(access));
  api.prefix = `${wechatUrl}/cgi-bin/`;
  return { call: async () => void (await api.getMenu()) };
};

const nodeEasywechat: SetUp = async (access, wechatUrl) => {
  const { ManagedTokens, useManagedTokens } = await importRecipes<
    ManagedTokens & {
      useManagedTokens: (app: object, tokens: Tokens) => unknown;
    }
  >('managed-tokens', 'node-easywechat');
  const app = new OfficialAccount({
    app_id: 'wx_any',
    http: { baseURL: wechatUrl },
  });
  useManagedTokens(app, new ManagedTokens(access));
  return {
    call: async () => {
      const response = await app.getClient().get('cgi-bin/menu/get');
      const { errcode } = response.toObject() as { errcode: number };
      if (errcode !== 0) throw new Error(`errcode ${errcode}`);
    },
  };
};

/** SDKs of Node, by the recipes of docs/interop.md. */
export const NODE_SDKS: readonly (readonly [string, SetUp])[] = [
  ['co-wechat-api', coWechatApi],
  ['node-easywechat', nodeEasywechat],
];
