import {
  Controller,
  Get,
  Header,
  Inject,
  Logger,
  NotFoundException,
  Query,
} from '@nestjs/common';
import { AccessTokenProvider } from '../access/access-token.provider.js';
import { Accounts } from '../accounts/account-source.js';
import { isWechatTokenError } from '../wechat-token.errors.js';
import { WechatTokenSettings } from '../wechat-token.settings.js';
import { type ApiClient, ApiKeys, permits } from './api-keys.js';

/** WeChat's own words for what may go wrong, so that every SDK knows them. */
const ERRORS = {
  busy: { errcode: -1, errmsg: 'system error' },
  grantType: { errcode: 40002, errmsg: 'invalid grant_type' },
  appIdMissing: { errcode: 41002, errmsg: 'appid missing' },
  secretMissing: { errcode: 41004, errmsg: 'appsecret missing' },
  secretWrong: { errcode: 40125, errmsg: 'invalid appsecret' },
  appIdWrong: { errcode: 40013, errmsg: 'invalid appid' },
} as const;

type WechatShaped =
  | { access_token: string; expires_in: number }
  | { errcode: number; errmsg: string };

/**
 * `GET /cgi-bin/token` as WeChat answers it, always with HTTP 200; an API key takes the AppSecret's place. An SDK whose host
 * can be set gets the managed token here, and never rotates it.
 */
@Controller('cgi-bin')
export class WechatShapedController {
  private readonly logger = new Logger('WechatToken');

  constructor(
    @Inject(ApiKeys) private readonly keys: ApiKeys,
    @Inject(Accounts) private readonly accounts: Accounts,
    @Inject(AccessTokenProvider) private readonly tokens: AccessTokenProvider,
    @Inject(WechatTokenSettings) private readonly settings: WechatTokenSettings,
  ) {}

  @Get('token')
  @Header('Cache-Control', 'no-store')
  async token(
    @Query('grant_type') grantType: unknown,
    @Query('appid') appId: unknown,
    @Query('secret') secret: unknown,
  ): Promise<WechatShaped> {
    if (this.keys.isEmpty || !this.settings.http.wechatShaped)
      throw new NotFoundException();
    if (grantType !== 'client_credential') return ERRORS.grantType;
    if (typeof appId !== 'string' || !appId) return ERRORS.appIdMissing;
    if (typeof secret !== 'string' || !secret) return ERRORS.secretMissing;
    const client = this.keys.find(secret);
    if (!client) return ERRORS.secretWrong;
    try {
      return await this.issue(appId, client);
    } catch (error) {
      const reason = isWechatTokenError(error)
        ? error.message
        : `the accounts cannot be read (${error instanceof Error ? error.name : 'unknown'})`;
      this.logger.warn('token not issued', { appId, reason });
      return ERRORS.busy;
    }
  }

  private async issue(appId: string, client: ApiClient): Promise<WechatShaped> {
    const account = await this.accountOf(appId, client);
    if (account === undefined) return ERRORS.appIdWrong;
    const token = await this.tokens.getAccessTokenWithLife(account);
    return { access_token: token.value, expires_in: token.expiresIn };
  }

  /** The account of that appid which the client may use; for others the answer is as if there were none. */
  private async accountOf(
    appId: string,
    client: ApiClient,
  ): Promise<string | undefined> {
    for await (const account of this.accounts.list())
      if (
        account.appId === appId &&
        permits(client, 'tokens:issue', account.name)
      )
        return account.name;
    return undefined;
  }
}
