// How is a client of WeChat's own API answered?

import {
  Controller,
  Get,
  Header,
  HttpCode,
  Logger,
  Post,
  Query,
  Req,
  UseFilters,
  UseGuards,
} from '@nestjs/common';
import { TokenProvider } from '../../access/token.provider.js';
import type { TokenReader, TokenWithLife } from '../../access/token-reader.js';
import type { Account } from '../../accounts/account.js';
import { Accounts } from '../../accounts/accounts.js';
import { reasonOf } from '../../common/error-reason.js';
import { LogLine } from '../../common/log-line.js';
import { tokenName } from '../../common/token-name.js';
import { ApiKeyAuthenticator } from '../auth/api-key-authenticator.js';
import { OnAdapter } from '../auth/adapter-routes.js';
import { type ApiClient, permits } from '../auth/api-keys.js';
import type {
  AdapterController,
  AdapterRoute,
} from '../auth/route-handlers.js';
import { Group, MountGuard } from '../problem/mount.guard.js';
import { ProblemFilter } from '../problem/problem.filter.js';
import type { HttpRequest } from '../problem/http-request.js';
import { wechatBody } from './wechat-body.js';
import { WECHAT_ERRORS } from '../problem/wechat-errors.js';
import { ClientRefresh } from './client-refresh.js';
import { TokenReads } from '../auth/token-reads.js';

type ShapedAnswer =
  | { access_token: string; expires_in: number }
  | { errcode: number; errmsg: string };

/** The routes, as reads of a token are reported. */
const TOKEN = 'GET /cgi-bin/token';
const STABLE = 'POST /cgi-bin/stable_token';

/** The parameters of both routes; `secret` is an API key. */
interface TokenRequest {
  readonly grant_type?: unknown;
  readonly appid?: unknown;
  readonly secret?: unknown;
  readonly force_refresh?: unknown;
}

/**
 * `/cgi-bin/token` and `/cgi-bin/stable_token` in WeChat's own shape, always with HTTP 200; clients send an API key in place of
 * the AppSecret. An SDK whose host can be set gets the managed token here and never rotates it by itself.
 */
@Controller('cgi-bin')
@Group('wechatShaped')
@OnAdapter('nothing')
@UseGuards(MountGuard)
@UseFilters(ProblemFilter)
export class WechatShapedController implements AdapterController {
  private readonly logger = new Logger('WechatToken');

  private readonly tokens: TokenReader;

  constructor(
    private readonly apiKeys: ApiKeyAuthenticator,
    private readonly accounts: Accounts,
    tokens: TokenProvider,
    private readonly refreshes: ClientRefresh,
    private readonly reads: TokenReads,
  ) {
    this.tokens = tokens.ofKind('access_token');
  }

  adapterRoutes(): readonly AdapterRoute[] {
    const token = { path: 'cgi-bin/token', unreadable: WECHAT_ERRORS.notJson };
    const stable = { ...token, path: 'cgi-bin/stable_token' };
    return [
      {
        ...token,
        method: 'get',
        answer: (request) => this.token(request.query, request),
      },
      { ...token, method: 'post', answer: () => this.posted() },
      {
        ...stable,
        method: 'post',
        answer: (request) => this.stableToken(request),
      },
      { ...stable, method: 'get', answer: () => this.notPosted() },
    ];
  }

  /** Unlike on the platform, a request does not end the current token: all clients get the same one until it is renewed. */
  @Get('token')
  @Header('Cache-Control', 'no-store')
  token(
    @Query() { grant_type, appid, secret }: TokenRequest,
    @Req() request: HttpRequest,
  ): ShapedAnswer | Promise<ShapedAnswer> {
    return this.answer({ grant_type, appid, secret }, request, TOKEN);
  }

  @Post('token')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  posted(): ShapedAnswer {
    return WECHAT_ERRORS.posted;
  }

  /**
   * `force_refresh: true` ends the current token for all clients where the key has the scope `tokens:refresh` as well, within its
   * share of the budget (R9); over that the answer is the current token, as on the platform. For other keys the platform is asked
   * in normal mode.
   */
  @Post('stable_token')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  async stableToken(@Req() request: HttpRequest): Promise<ShapedAnswer> {
    const body: TokenRequest | undefined = await wechatBody(request);
    return body ? this.answer(body, request, STABLE) : WECHAT_ERRORS.notJson;
  }

  @Get('stable_token')
  @Header('Cache-Control', 'no-store')
  notPosted(): ShapedAnswer {
    return WECHAT_ERRORS.notPosted;
  }

  /** No promise if the token is in memory. */
  private answer(
    { grant_type, appid, secret, force_refresh }: TokenRequest,
    sender: HttpRequest,
    route: string,
  ): ShapedAnswer | Promise<ShapedAnswer> {
    if (grant_type !== 'client_credential') return WECHAT_ERRORS.grantType;
    if (typeof appid !== 'string' || !appid) return WECHAT_ERRORS.appIdMissing;
    if (typeof secret !== 'string' || !secret)
      return WECHAT_ERRORS.secretMissing;
    const client = this.apiKeys.authenticate(secret, sender);
    if (client instanceof Promise)
      return client.then(({ retryAfter }) =>
        retryAfter ? WECHAT_ERRORS.tooOften : WECHAT_ERRORS.secretWrong,
      );
    // Other accounts get the same answer as an unknown appid.
    const account = this.accounts.findByAppId(
      appid,
      ({ name, isOfWechat }) =>
        isOfWechat && permits(client, 'tokens:issue', name),
    );
    if (account === undefined) return WECHAT_ERRORS.appIdWrong;
    const asks = force_refresh === true ? client : undefined;
    const give = (token: TokenWithLife, { name: of }: Account) => {
      const name = tokenName('access_token', of);
      const { fingerprint } = token;
      const { id: actor } = client;
      this.reads.report({ name, fingerprint, actor, route }, sender);
      return shaped(token);
    };
    if (!asks && !(account instanceof Promise)) {
      const cached = this.tokens.fromMemory(account.name);
      if (cached) return give(cached, account);
    }
    return this.obtain(appid, account, asks, give);
  }

  /** @param asks The client that asks for another token than the current one. */
  private async obtain(
    appid: string,
    found: ReturnType<Accounts['findByAppId']>,
    asks: ApiClient | undefined,
    give: (token: TokenWithLife, account: Account) => ShapedAnswer,
  ): Promise<ShapedAnswer> {
    try {
      const account = await found;
      if (account === undefined) return WECHAT_ERRORS.appIdWrong;
      if (asks) await this.refreshes.run(account, asks);
      const token = await this.tokens.withLife(account.name);
      return give(token, account);
    } catch (error) {
      const fields = { appId: appid, ...reasonOf(error) };
      this.logger.warn(new LogLine('token not issued', fields));
      return WECHAT_ERRORS.busy;
    }
  }
}

function shaped({ value, expiresIn }: TokenWithLife): ShapedAnswer {
  return { access_token: value, expires_in: expiresIn };
}
