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
import type { PlatformError } from '../problem/wechat-errors.js';
import { PlatformClients } from './platform-clients.js';
import { ShapedAnswers } from './shaped-answers.js';
import { WECOM, WECOM_ERRORS } from './shaped-platforms.js';
import { type TicketAnswer, ticketAnswer } from './ticket-answer.js';

type WecomAnswer =
  | { errcode: 0; errmsg: 'ok'; access_token: string; expires_in: number }
  | TicketAnswer
  | PlatformError;

/** The parameters of `gettoken`; `corpsecret` is an API key. */
interface TokenRequest {
  readonly corpid?: unknown;
  readonly corpsecret?: unknown;
  /** Not the platform's own: says to an API key for several applications of a corporation which is meant. */
  readonly agentid?: unknown;
}

interface TicketRequest {
  /** What a client got in answer to a {@link TokenRequest}, or an API key. */
  readonly access_token?: unknown;
  readonly type?: unknown;
  /** Says to an API key for several accounts which is meant. */
  readonly corpid?: unknown;
  readonly agentid?: unknown;
}

/**
 * `/cgi-bin/gettoken`, `/cgi-bin/get_jsapi_ticket` and `/cgi-bin/ticket/get` in WeCom's own shape, always with HTTP 200; clients send
 * an API key in place of the secret. Two applications never share a token.
 */
@Controller('cgi-bin')
@Group('wechatShaped')
@OnAdapter('nothing')
@UseGuards(MountGuard)
@UseFilters(ProblemFilter)
export class WecomShapedController implements AdapterController {
  constructor(
    private readonly clients: PlatformClients,
    private readonly answers: ShapedAnswers,
  ) {}

  adapterRoutes(): readonly AdapterRoute[] {
    const routes: Readonly<Record<string, AdapterRoute['answer']>> = {
      gettoken: (request) => this.token(request.query, request),
      get_jsapi_ticket: (request) => this.corpTicket(request.query, request),
      'ticket/get': (request) => this.agentTicket(request.query, request),
    };
    return Object.entries(routes).flatMap(([path, answer]) => {
      const route = {
        path: `cgi-bin/${path}`,
        unreadable: WECOM_ERRORS.posted,
      };
      return [
        { ...route, method: 'get', answer },
        { ...route, method: 'post', answer: () => this.posted() },
      ] as const;
    });
  }

  @Get('gettoken')
  @Header('Cache-Control', 'no-store')
  token(
    @Query() { corpid, corpsecret, agentid }: TokenRequest,
    @Req() sender: HttpRequest,
  ): WecomAnswer | Promise<WecomAnswer> {
    if (typeof corpid !== 'string' || !corpid) return WECOM_ERRORS.appIdMissing;
    if (typeof corpsecret !== 'string' || !corpsecret)
      return WECOM_ERRORS.secretMissing;
    const question = {
      platform: WECOM,
      platformId: corpid,
      agentId: agentid,
      kind: 'access_token',
      route: 'GET /cgi-bin/gettoken',
      sender,
      shape: shaped,
    };
    return this.answers.answer(
      question,
      this.clients.byKey(corpsecret, question),
    );
  }

  /** The ticket of the corporation, for `wx.config`. */
  @Get('get_jsapi_ticket')
  @Header('Cache-Control', 'no-store')
  corpTicket(
    @Query() query: TicketRequest,
    @Req() sender: HttpRequest,
  ): WecomAnswer | Promise<WecomAnswer> {
    const route = 'GET /cgi-bin/get_jsapi_ticket';
    return this.ticket('corp_ticket', query, sender, route);
  }

  /** The ticket of the application, for `wx.agentConfig`. */
  @Get('ticket/get')
  @Header('Cache-Control', 'no-store')
  agentTicket(
    @Query() query: TicketRequest,
    @Req() sender: HttpRequest,
  ): WecomAnswer | Promise<WecomAnswer> {
    if (query.type !== 'agent_config') return WECOM_ERRORS.typeWrong;
    const route = 'GET /cgi-bin/ticket/get';
    return this.ticket('agent_ticket', query, sender, route);
  }

  @Post(['gettoken', 'get_jsapi_ticket', 'ticket/get'])
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  posted(): WecomAnswer {
    return WECOM_ERRORS.posted;
  }

  private ticket(
    kind: string,
    { access_token, corpid, agentid }: TicketRequest,
    sender: HttpRequest,
    route: string,
  ): WecomAnswer | Promise<WecomAnswer> {
    if (typeof access_token !== 'string' || !access_token)
      return WECOM_ERRORS.tokenMissing;
    const question = {
      platform: WECOM,
      platformId: corpid,
      agentId: agentid,
      kind,
      route,
      sender,
      shape: ticketAnswer,
    };
    return this.answers.answer(
      question,
      this.clients.byToken(access_token, question),
    );
  }
}

function shaped({ value, expiresIn }: TokenWithLife) {
  return {
    errcode: 0 as const,
    errmsg: 'ok' as const,
    access_token: value,
    expires_in: expiresIn,
  };
}
