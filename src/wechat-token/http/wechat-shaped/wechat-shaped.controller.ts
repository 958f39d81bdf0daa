// How is a client of a platform's own API answered?

import {
  Controller,
  Get,
  Header,
  HttpCode,
  Post,
  Query,
  Req,
  UseFilters,
  UseGuards,
} from '@nestjs/common';
import type { TokenWithLife } from '../../access/token-reader.js';
import { OnAdapter } from '../auth/adapter-routes.js';
import type {
  AdapterController,
  AdapterRoute,
} from '../auth/route-handlers.js';
import type { HttpRequest } from '../problem/http-request.js';
import { Group, MountGuard } from '../problem/mount.guard.js';
import { ProblemFilter } from '../problem/problem.filter.js';
import { type PlatformError, WECHAT_ERRORS } from '../problem/wechat-errors.js';
import { ClientRefresh } from './client-refresh.js';
import {
  type Found,
  type KeyHolder,
  PlatformClients,
} from './platform-clients.js';
import { ShapedAnswers } from './shaped-answers.js';
import { type Refusal, WECHAT } from './shaped-platforms.js';
import { type TicketAnswer, ticketAnswer } from './ticket-answer.js';
import { wechatBody } from './wechat-body.js';

type ShapedAnswer =
  { access_token: string; expires_in: number } | TicketAnswer | PlatformError;

/** The routes, as reads of a token are reported. */
const TOKEN = 'GET /cgi-bin/token';
const STABLE = 'POST /cgi-bin/stable_token';
const TICKET = 'GET /cgi-bin/ticket/getticket';

/** The kinds of token by the parameter `type`. */
const TICKET_KINDS: ReadonlyMap<unknown, string> = new Map([
  ['jsapi', 'jsapi_ticket'],
  ['wx_card', 'wx_card_ticket'],
]);

/** The parameters of both routes for tokens; `secret` is an API key. */
interface TokenRequest {
  readonly grant_type?: unknown;
  readonly appid?: unknown;
  readonly secret?: unknown;
  readonly force_refresh?: unknown;
}

interface TicketRequest {
  /** What a client got in answer to a {@link TokenRequest}, or an API key. */
  readonly access_token?: unknown;
  readonly type?: unknown;
  /** Says to an API key for several accounts which is meant. */
  readonly appid?: unknown;
}

/**
 * `/cgi-bin/token`, `/cgi-bin/stable_token` and `/cgi-bin/ticket/getticket` in WeChat's own shape, always with HTTP 200; clients
 * send an API key in place of the AppSecret. An SDK whose host can be set gets the managed tokens here and never rotates one by itself.
 */
@Controller('cgi-bin')
@Group('wechatShaped')
@OnAdapter('nothing')
@UseGuards(MountGuard)
@UseFilters(ProblemFilter)
export class WechatShapedController implements AdapterController {
  constructor(
    private readonly clients: PlatformClients,
    private readonly answers: ShapedAnswers,
    private readonly refreshes: ClientRefresh,
  ) {}

  adapterRoutes(): readonly AdapterRoute[] {
    const token = { path: 'cgi-bin/token', unreadable: WECHAT_ERRORS.notJson };
    const stable = { ...token, path: 'cgi-bin/stable_token' };
    const ticket = { ...token, path: 'cgi-bin/ticket/getticket' };
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
      {
        ...ticket,
        method: 'get',
        answer: (request) => this.ticket(request.query, request),
      },
      { ...ticket, method: 'post', answer: () => this.posted() },
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

  @Post(['token', 'ticket/getticket'])
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

  /** A ticket of the account whose access token is sent; a token that has been replaced is refused, as on the platform. */
  @Get('ticket/getticket')
  @Header('Cache-Control', 'no-store')
  ticket(
    @Query() { access_token, type, appid }: TicketRequest,
    @Req() sender: HttpRequest,
  ): ShapedAnswer | Promise<ShapedAnswer> {
    if (typeof access_token !== 'string' || !access_token)
      return WECHAT_ERRORS.tokenMissing;
    const kind = TICKET_KINDS.get(type);
    if (kind === undefined) return WECHAT_ERRORS.typeWrong;
    const question = {
      platform: WECHAT,
      platformId: appid,
      kind,
      route: TICKET,
      sender,
      shape: ticketAnswer,
    };
    return this.answers.answer(
      question,
      this.clients.byToken(access_token, question),
    );
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
    const question = {
      platform: WECHAT,
      platformId: appid,
      kind: 'access_token',
      route,
      sender,
      shape: shaped,
    };
    const holder = this.clients.byKey(secret, question);
    return this.answers.answer(
      question,
      force_refresh === true ? this.refreshed(holder) : holder,
    );
  }

  private async refreshed(
    found: Found<KeyHolder>,
  ): Promise<KeyHolder | Refusal> {
    const holder = await found;
    if (typeof holder !== 'string')
      await this.refreshes.run(holder.account, holder.client);
    return holder;
  }
}

function shaped({ value, expiresIn }: TokenWithLife) {
  return { access_token: value, expires_in: expiresIn };
}
