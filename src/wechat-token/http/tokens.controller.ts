// How does a program in another language get a token?

import {
  Body,
  Controller,
  Get,
  Header,
  HttpCode,
  HttpStatus,
  Param,
  Post,
  Req,
  Res,
  UseFilters,
  UseGuards,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { TokenProvider } from '../access/token.provider.js';
import { Clock } from '../common/clock.js';
import { DatabaseClock } from '../store/database-clock.js';
import { type CachedToken, fingerprintOf } from '../cache/cached-token.js';
import {
  parseTokenName,
  type TokenName,
  tokenName,
} from '../common/token-name.js';
import { UnknownTokenError } from '../common/errors.js';
import { messages } from '../common/messages.js';
import { AccessGuard, RequiredScope } from './auth/access.guard.js';
import { OnAdapter } from './auth/adapter-routes.js';
import { ApiKeyAuthenticator } from './auth/api-key-authenticator.js';
import { answerByKey } from './auth/caller-by-key.js';
import { type Caller, CurrentCaller } from './auth/caller.js';
import type { AdapterController, AdapterRoute } from './auth/route-handlers.js';
import { TokenReads } from './auth/token-reads.js';
import type { HttpRequest } from './problem/http-request.js';
import { Group, MountGuard } from './problem/mount.guard.js';
import { ProblemFilter } from './problem/problem.filter.js';
import { jsonBody } from './problem/request-body.js';
import { validated } from './problem/validation.pipe.js';
import { rejectedBody } from './tokens.requests.js';

/** A token for a program that cannot inject the provider. */
export interface TokenAnswer {
  readonly name: TokenName;
  readonly value: string;
  /** Whole seconds until the token expires. */
  readonly expiresIn: number;
  /**
   * ISO 8601 in UTC, by the database's clock as this process last read it (R3); null while this process has not reached the
   * database since it started (R11).
   */
  readonly expiresAt: string | null;
  readonly version: number;
}

/** The routes, as reads of a token are reported. */
const READ = 'GET /wechat-tokens/:name';
const REPLACED = 'POST /wechat-tokens/:name/rejected';

/** For programs in other processes: the token, served from memory, and the replacement for a rejected token. */
@Controller('wechat-tokens')
@Group('tokens')
@OnAdapter('nothing')
@UseGuards(MountGuard, AccessGuard)
@UseFilters(ProblemFilter)
export class TokensController implements AdapterController {
  constructor(
    private readonly tokens: TokenProvider,
    private readonly databaseClock: DatabaseClock,
    private readonly clock: Clock,
    private readonly adapterHost: HttpAdapterHost,
    private readonly apiKeys: ApiKeyAuthenticator,
    private readonly reads: TokenReads,
  ) {}

  adapterRoutes(): readonly AdapterRoute[] {
    return [
      {
        method: 'get',
        path: 'wechat-tokens/:name',
        answer: (request, response) =>
          this.byKey(request, (caller) =>
            this.get(request.params['name'] ?? '', caller, request, response),
          ),
      },
      {
        method: 'post',
        path: 'wechat-tokens/:name/rejected',
        answer: (request) =>
          this.byKey(request, async (caller) => {
            const body = await jsonBody(request);
            const name = request.params['name'] ?? '';
            return this.rejected(name, body, caller, request);
          }),
      },
    ];
  }

  /**
   * The ETag is the token's fingerprint, so that a program that polls gets a 304 while its token is current. The ETag is weak
   * because responses with the same token differ in `expiresIn`.
   */
  @Get(':name')
  @RequiredScope('tokens:issue')
  @Header('Cache-Control', 'no-store')
  async get(
    @Param('name') name: string,
    @CurrentCaller() caller: Caller,
    @Req() request: HttpRequest,
    @Res({ passthrough: true }) response: unknown,
  ): Promise<TokenAnswer | undefined> {
    const { kind, account } = parsed(name);
    const token = await this.tokens.ofKind(kind).cached(account);
    const fingerprint = fingerprintOf(token);
    const { actor } = caller;
    this.reads.report({ name, fingerprint, actor, route: READ }, request);
    const ifNoneMatch = request.headers['if-none-match'];
    const etag = `W/"${fingerprint}"`;
    const { httpAdapter } = this.adapterHost;
    httpAdapter.setHeader(response, 'ETag', etag);
    if (!matches(etag, ifNoneMatch)) return this.answer(name, token);
    httpAdapter.status(response, HttpStatus.NOT_MODIFIED);
    return undefined;
  }

  /**
   * R5. The response to a report of a token that has been replaced already is its successor, at no cost; to one of a token that
   * WeChat accepts, that token.
   */
  @Post(':name/rejected')
  @HttpCode(200)
  @RequiredScope('tokens:issue')
  @Header('Cache-Control', 'no-store')
  async rejected(
    @Param('name') name: string,
    @Body() body: unknown,
    @CurrentCaller() { actor }: Caller,
    @Req() request: HttpRequest,
  ): Promise<TokenAnswer> {
    const { value } = validated(rejectedBody, body);
    const { kind, account } = parsed(name);
    const tokens = this.tokens.ofKind(kind);
    const token = await tokens.answerReport(value, account, actor);
    const fingerprint = fingerprintOf(token);
    this.reads.report({ name, fingerprint, actor, route: REPLACED }, request);
    return this.answer(name, token);
  }

  private byKey(
    request: HttpRequest,
    answer: (caller: Caller) => unknown,
  ): unknown {
    return answerByKey(this.apiKeys, request, 'tokens:issue', answer);
  }

  private answer(name: TokenName, token: CachedToken): TokenAnswer {
    const { value, version, expiresAt } = token;
    const epoch = this.databaseClock.epochOf(expiresAt);
    return {
      name,
      value,
      expiresIn: Math.floor((expiresAt - this.clock.now()) / 1000),
      expiresAt: epoch === undefined ? null : new Date(epoch).toISOString(),
      version,
    };
  }
}

/** Parses the name only: a token in memory is served without a lookup of its account. @throws UnknownTokenError */
function parsed(name: TokenName): ReturnType<typeof parseTokenName> {
  const { kind, account } = parseTokenName(name);
  if (tokenName(kind, account) === name) return { kind, account };
  throw new UnknownTokenError(messages.unknownToken(kind, account));
}

/** Whether If-None-Match contains the ETag, by the weak comparison that RFC 9110 requires for this header. */
function matches(etag: string, ifNoneMatch = ''): boolean {
  const opaque = (tag: string) => tag.trim().replace(/^W\//, '');
  const tags = ifNoneMatch.split(',').map(opaque);
  return tags.includes(opaque(etag)) || tags.includes('*');
}
