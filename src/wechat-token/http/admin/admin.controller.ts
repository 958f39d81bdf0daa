// What can an operator see and do?

import {
  Body,
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
  UsePipes,
} from '@nestjs/common';
import type { Observable } from 'rxjs';
import type { RefreshOutcome } from '../../renewal/refresh-outcome.js';
import { RenewalTargets } from '../../renewal/renewal-target.js';
import { TokenRefresher } from '../../schedule/token-refresher.js';
import { type StoredEvent, TokenEvents } from '../../store/token-events.js';
import { messages } from '../../common/messages.js';
import { AccessGuard } from '../auth/access.guard.js';
import { AdminStreams } from './admin-streams.js';
import type { AdminView } from './admin-view.js';
import { AdminQueries, cut } from './admin-queries.js';
import { type Caller, CurrentCaller } from '../auth/caller.js';
import { checked } from '../problem/request-checks.js';
import { HttpProblem } from '../problem/http-problem.js';
import { ProblemFilter } from '../problem/problem.filter.js';
import {
  type EventPageQuery,
  eventPageQuery,
  type RefreshBody,
  refreshBody,
  type TokenPageQuery,
  tokenPageQuery,
} from './admin.requests.js';
import type { HttpRequest } from '../problem/http-request.js';
import { Group, Needs } from '../auth/routes.js';

/** An event as it is told: `at` is ISO 8601 in UTC. */
type EventView = Omit<StoredEvent, 'at'> & { readonly at: string };

/** For operators: what there is and what became of it, without a token's value, and renewal by hand. */
@Controller('admin/wechat-tokens')
@Group('admin')
@UseGuards(AccessGuard)
@UseFilters(ProblemFilter)
@UsePipes(checked)
export class AdminController {
  constructor(
    private readonly views: AdminQueries,
    private readonly streams: AdminStreams,
    private readonly targets: RenewalTargets,
    private readonly history: TokenEvents,
    private readonly refresher: TokenRefresher,
  ) {}

  @Get()
  @Needs('tokens:read')
  @Header('Cache-Control', 'no-store')
  list(
    @Query({ schema: tokenPageQuery }) query: TokenPageQuery,
    @CurrentCaller() caller: Caller,
  ): Promise<{ items: readonly AdminView[]; next: string | null }> {
    return this.views.page(query, caller);
  }

  /** Before `:name`, which would take it for one. */
  @Sse('stream')
  @Needs('tokens:read')
  stream(
    @Query({ schema: tokenPageQuery }) query: TokenPageQuery,
    @CurrentCaller() caller: Caller,
  ): Observable<MessageEvent> {
    return this.streams.of(query, caller);
  }

  @Get(':name')
  @Needs('tokens:read')
  @Header('Cache-Control', 'no-store')
  one(@Param('name') name: string): Promise<AdminView> {
    return this.views.one(name);
  }

  @Get(':name/events')
  @Needs('tokens:read')
  @Header('Cache-Control', 'no-store')
  async events(
    @Param('name') name: string,
    @Query({ schema: eventPageQuery }) { limit, before }: EventPageQuery,
  ): Promise<{ items: readonly EventView[]; next: number | null }> {
    await this.targets.get(name);
    const page = { before, limit: limit + 1 };
    const events = await this.history.page(name, page);
    const { items, next } = cut(events, limit, ({ id }) => id);
    const views = items.map(({ at, ...event }) => ({
      ...event,
      at: new Date(at).toISOString(),
    }));
    return { items: views, next };
  }

  @Post(':name/refresh')
  @HttpCode(200)
  @Needs('tokens:refresh')
  @Header('Cache-Control', 'no-store')
  refresh(
    @Param('name') name: string,
    @Body({ schema: refreshBody }) wanted: RefreshBody,
    @CurrentCaller() { actor }: Caller,
    @Req() request: HttpRequest,
  ): Promise<RefreshOutcome> {
    if (hasUnreadBody(request))
      throw new HttpProblem(400, messages.unreadableBody());
    return this.refresher.refresh(name, { ...wanted, actor });
  }
}

/** A body of a type that no parser of the app's is for: nothing of it was seen, so it must not be taken for none. */
function hasUnreadBody({ body, headers }: HttpRequest): boolean {
  const length = headers['content-length'] ?? '0';
  return (
    body === undefined &&
    (length !== '0' || headers['transfer-encoding'] !== undefined)
  );
}
