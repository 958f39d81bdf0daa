// What can an operator see and do?

import {
  Controller,
  Get,
  Header,
  HttpCode,
  type MessageEvent,
  Param,
  Post,
  Query,
  Req,
  Sse,
  UseFilters,
  UseGuards,
} from '@nestjs/common';
import type { Observable } from 'rxjs';
import type { RefreshOutcome } from '../../renewal/refresh-outcome.types.js';
import { TokenRefresher } from '../../schedule/token-refresher.js';
import type { ApiScope } from '../../common/settings.js';
import { AccessGuard, RequiredScope } from '../auth/access.guard.js';
import { OnAdapter } from '../auth/adapter-routes.js';
import { ApiKeyAuthenticator } from '../auth/api-key-authenticator.js';
import { answerByKey } from '../auth/caller-by-key.js';
import type {
  AdapterController,
  AdapterRoute,
} from '../auth/route-handlers.js';
import { AdminStreams } from './admin-streams.js';
import type {
  AdminView,
  EventPage,
  FleetSummary,
  QuotaView,
  TokenPage,
  TokenStats,
} from './admin.types.js';
import { AdminQueries } from './admin-queries.js';
import { AdminQuotas } from './admin-quotas.js';
import { AdminReports } from './admin-reports.js';
import { type Caller, CurrentCaller } from '../auth/caller.js';
import { validated, validBy } from '../problem/validation.pipe.js';
import { Group, MountGuard } from '../problem/mount.guard.js';
import { ProblemFilter } from '../problem/problem.filter.js';
import { jsonBody } from '../problem/request-body.js';
import {
  type EventPageQuery,
  eventPageQuery,
  refreshBody,
  type TokenPageQuery,
  tokenPageQuery,
} from './admin.requests.js';
import type { HttpRequest } from '../problem/http-request.js';

/** For operators: the state and the history of tokens, without their values, and renewal on request. */
@Controller('admin/wechat-tokens')
@Group('admin')
@OnAdapter('global guards')
@UseGuards(MountGuard, AccessGuard)
@UseFilters(ProblemFilter)
export class AdminController implements AdapterController {
  constructor(
    private readonly queries: AdminQueries,
    private readonly streams: AdminStreams,
    private readonly reports: AdminReports,
    private readonly quotas: AdminQuotas,
    private readonly refresher: TokenRefresher,
    private readonly apiKeys: ApiKeyAuthenticator,
  ) {}

  adapterRoutes(): readonly AdapterRoute[] {
    const path = 'admin/wechat-tokens';
    const nameIn = ({ params }: HttpRequest) => params['name'] ?? '';
    const route = (
      method: AdapterRoute['method'],
      below: string,
      scope: ApiScope,
      answer: (request: HttpRequest, caller: Caller) => unknown,
    ): AdapterRoute => ({
      method,
      path: path + below,
      answer: (request) =>
        answerByKey(this.apiKeys, request, scope, (caller) =>
          answer(request, caller),
        ),
    });
    return [
      route('get', '', 'tokens:read', ({ query }, caller) =>
        this.list(validated(tokenPageQuery, query), caller),
      ),
      route('get', '/stream', 'tokens:read', ({ query }, caller) =>
        this.stream(validated(tokenPageQuery, query), caller),
      ),
      route('get', '/summary', 'tokens:read', (_, caller) =>
        this.summary(caller),
      ),
      route('get', '/:name', 'tokens:read', (request) =>
        this.get(nameIn(request)),
      ),
      route('get', '/:name/events', 'tokens:read', (request) =>
        this.events(nameIn(request), validated(eventPageQuery, request.query)),
      ),
      route('get', '/:name/stats', 'tokens:read', (request) =>
        this.stats(nameIn(request)),
      ),
      route('get', '/:name/quota', 'tokens:refresh', (request) =>
        this.quota(nameIn(request)),
      ),
      route('post', '/:name/refresh', 'tokens:refresh', (request, caller) =>
        this.refresh(nameIn(request), caller, request),
      ),
    ];
  }

  @Get()
  @RequiredScope('tokens:read')
  @Header('Cache-Control', 'no-store')
  list(
    @Query(validBy(tokenPageQuery)) query: TokenPageQuery,
    @CurrentCaller() caller: Caller,
  ): Promise<TokenPage> {
    return this.queries.page(query, caller);
  }

  /** Declared before `:name`, which would match this path as well. */
  @Sse('stream')
  @RequiredScope('tokens:read')
  stream(
    @Query(validBy(tokenPageQuery)) query: TokenPageQuery,
    @CurrentCaller() caller: Caller,
  ): Observable<MessageEvent> {
    return this.streams.of(query, caller);
  }

  /** Declared before `:name`, as well. */
  @Get('summary')
  @RequiredScope('tokens:read')
  @Header('Cache-Control', 'no-store')
  summary(@CurrentCaller() caller: Caller): Promise<FleetSummary> {
    return this.reports.summary(caller);
  }

  @Get(':name')
  @RequiredScope('tokens:read')
  @Header('Cache-Control', 'no-store')
  get(@Param('name') name: string): Promise<AdminView> {
    return this.queries.get(name);
  }

  @Get(':name/events')
  @RequiredScope('tokens:read')
  @Header('Cache-Control', 'no-store')
  events(
    @Param('name') name: string,
    @Query(validBy(eventPageQuery)) query: EventPageQuery,
  ): Promise<EventPage> {
    return this.queries.events(name, query);
  }

  @Get(':name/stats')
  @RequiredScope('tokens:read')
  @Header('Cache-Control', 'no-store')
  stats(@Param('name') name: string): Promise<TokenStats> {
    return this.reports.stats(name);
  }

  /** It calls WeChat, as a refresh does. */
  @Get(':name/quota')
  @RequiredScope('tokens:refresh')
  @Header('Cache-Control', 'no-store')
  quota(@Param('name') name: string): Promise<QuotaView> {
    return this.quotas.of(name);
  }

  @Post(':name/refresh')
  @HttpCode(200)
  @RequiredScope('tokens:refresh')
  @Header('Cache-Control', 'no-store')
  async refresh(
    @Param('name') name: string,
    @CurrentCaller() { actor }: Caller,
    @Req() request: HttpRequest,
  ): Promise<RefreshOutcome> {
    // A body of a type that nothing parses must not count as an omitted one.
    const body = validated(refreshBody, await jsonBody(request));
    return this.refresher.refresh(name, { ...body, actor });
  }
}
