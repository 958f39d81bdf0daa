// How is a client of WeChat's own API answered?

import {
  Controller,
  Get,
  Header,
  HttpCode,
  Ip,
  Logger,
  Post,
  Query,
  Req,
  UseFilters,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { AccessTokenProvider } from '../../access/access-token.provider.js';
import { Accounts } from '../../accounts/accounts.js';
import { reasonOf } from '../../common/error-reason.js';
import { TokenRefresher } from '../../schedule/token-refresher.js';
import { tokenName } from '../../common/token-name.js';
import { isRefreshBudgetError } from '../../common/errors.js';
import { WechatTokenSettings } from '../../common/settings.js';
import { AdmissionDesk } from '../auth/admission.js';
import { type ApiClient, ApiKeys, permits } from '../auth/api-keys.js';
import { NotMounted } from '../problem/http-problem.js';
import { ProblemFilter } from '../problem/problem.filter.js';
import type { HttpRequest } from '../problem/http-request.js';
import { wechatBody } from './wechat-body.js';
import { WECHAT_ERRORS } from '../problem/wechat-errors.js';
import { serveShaped } from '../problem/wechat-shaped.paths.js';

type WechatShaped =
  | { access_token: string; expires_in: number }
  | { errcode: number; errmsg: string };

/** What a client sends: with the key in place of the AppSecret. */
interface Question {
  readonly grant_type?: unknown;
  readonly appid?: unknown;
  readonly secret?: unknown;
  readonly force_refresh?: unknown;
}

/**
 * `/cgi-bin/token` and `/cgi-bin/stable_token` as WeChat answers them, always with HTTP 200; an API key takes the AppSecret's
 * place. An SDK whose host can be set gets the managed token here, and never rotates it by itself.
 */
@Controller('cgi-bin')
@UseFilters(ProblemFilter)
export class WechatShapedController {
  private readonly logger = new Logger('WechatToken');

  constructor(
    private readonly keys: ApiKeys,
    private readonly desk: AdmissionDesk,
    private readonly accounts: Accounts,
    private readonly tokens: AccessTokenProvider,
    private readonly refresher: TokenRefresher,
    private readonly settings: WechatTokenSettings,
    adapterHost: HttpAdapterHost,
  ) {
    serveShaped(adapterHost, () => this.isMounted());
  }

  /** Here the token is the same until its time has come: clients that ask do not end it for each other. */
  @Get('token')
  @Header('Cache-Control', 'no-store')
  token(
    @Req() request: HttpRequest,
    @Query() { grant_type, appid, secret }: Question,
    @Ip() address: string,
  ): Promise<WechatShaped> {
    this.mindMounted(request);
    return this.answer({ grant_type, appid, secret }, address);
  }

  /**
   * `force_refresh: true` ends the current token for all, within the budget that everybody shares (R9); over it, as on the
   * platform, nothing is refreshed and the answer is the current token. Like the platform it asks for no more than the secret:
   * of a key, the scope `tokens:issue`.
   */
  @Post('stable_token')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  async stableToken(
    @Req() request: HttpRequest,
    @Ip() address: string,
  ): Promise<WechatShaped> {
    this.mindMounted(request);
    const question: Question | undefined = await wechatBody(request);
    return question ? this.answer(question, address) : WECHAT_ERRORS.notJson;
  }

  @Get('stable_token')
  @Header('Cache-Control', 'no-store')
  notPosted(@Req() request: HttpRequest): WechatShaped {
    this.mindMounted(request);
    return WECHAT_ERRORS.notPosted;
  }

  private mindMounted(request: HttpRequest): void {
    if (!this.isMounted()) throw new NotMounted(request);
  }

  private isMounted(): boolean {
    return !this.keys.isEmpty && this.settings.http.wechatShaped;
  }

  private async answer(
    { grant_type, appid, secret, force_refresh }: Question,
    address: string,
  ): Promise<WechatShaped> {
    if (grant_type !== 'client_credential') return WECHAT_ERRORS.grantType;
    if (typeof appid !== 'string' || !appid) return WECHAT_ERRORS.appIdMissing;
    if (typeof secret !== 'string' || !secret)
      return WECHAT_ERRORS.secretMissing;
    const { client, retryAfter } = await this.desk.admit(secret, address);
    if (!client)
      return retryAfter ? WECHAT_ERRORS.tooOften : WECHAT_ERRORS.secretWrong;
    try {
      return await this.issue(appid, client, force_refresh === true);
    } catch (error) {
      const reason = reasonOf(error);
      this.logger.warn('token not issued', { appId: appid, reason });
      return WECHAT_ERRORS.busy;
    }
  }

  private async issue(
    appId: string,
    client: ApiClient,
    force: boolean,
  ): Promise<WechatShaped> {
    const account = await this.accountOf(appId, client);
    if (account === undefined) return WECHAT_ERRORS.appIdWrong;
    if (force) await this.renew(account, client);
    const token = await this.tokens.getAccessTokenWithLife(account);
    return { access_token: token.value, expires_in: token.expiresIn };
  }

  private async renew(account: string, client: ApiClient): Promise<void> {
    const name = tokenName('access_token', account);
    // Asked for over and over by an SDK, it is to cost no more than a look.
    if ((await this.refresher.untilForce(name)) > 0) return;
    const request = { force: true, actor: client.id, reason: 'stable_token' };
    await this.refresher.refresh(name, request).catch((error: unknown) => {
      if (!isRefreshBudgetError(error)) throw error;
    });
  }

  /** The account of that appid which the client may use; for others the answer is as if there were none. */
  private async accountOf(
    appId: string,
    client: ApiClient,
  ): Promise<string | undefined> {
    for await (const { name } of this.accounts.withAppId(appId))
      if (permits(client, 'tokens:issue', name)) return name;
    return undefined;
  }
}
