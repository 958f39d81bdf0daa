// How does a program in another language get a token?

import {
  Body,
  Controller,
  Get,
  Header,
  Headers,
  HttpCode,
  HttpStatus,
  Param,
  Post,
  Res,
  UseFilters,
  UseGuards,
  UsePipes,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { AccessTokenProvider } from '../access/access-token.provider.js';
import { Clock } from '../common/clock.js';
import { fingerprint } from '../common/fingerprint.js';
import { RowMapper } from '../store/row-mapper.js';
import type { CachedToken } from '../cache/cached-token.js';

import {
  parseTokenName,
  type TokenName,
  tokenName,
} from '../common/token-name.js';
import { UnknownTokenError } from '../common/errors.js';
import { messages } from '../common/messages.js';
import { AccessGuard } from './auth/access.guard.js';
import { type Caller, CurrentCaller } from './auth/caller.js';
import { ProblemFilter } from './problem/problem.filter.js';
import { checked } from './problem/request-checks.js';
import { type RejectedBody, rejectedBody } from './tokens.requests.js';
import { Group, Needs } from './auth/routes.js';

/** A token for a program that cannot inject the provider. */
export interface TokenAnswer {
  readonly name: TokenName;
  readonly value: string;
  /** Whole seconds that the platform still gives it. */
  readonly expiresIn: number;
  /**
   * ISO 8601 in UTC, by the database's clock as this process last read it (R3); null while it has not reached the database
   * since its start (R11).
   */
  readonly expiresAt: string | null;
  readonly version: number;
}

/** For other programs: the token, from memory as for callers within the process, and what to use when it was rejected. */
@Controller('wechat-tokens')
@Group('tokens')
@UseGuards(AccessGuard)
@UseFilters(ProblemFilter)
@UsePipes(checked)
export class TokensController {
  constructor(
    private readonly tokens: AccessTokenProvider,
    private readonly rows: RowMapper,
    private readonly clock: Clock,
    private readonly adapterHost: HttpAdapterHost,
  ) {}

  /**
   * The ETag is the token's fingerprint: a program that asks often is told by a 304 that it has the right one. A weak one, since
   * answers with the same token differ in the life that is left.
   */
  @Get(':name')
  @Needs('tokens:issue')
  @Header('Cache-Control', 'no-store')
  async token(
    @Param('name') name: string,
    @Headers('if-none-match') known: string | undefined,
    @Res({ passthrough: true }) response: unknown,
  ): Promise<TokenAnswer | undefined> {
    const held = await this.tokens.cachedToken(accountOf(name));
    const tag = `W/"${fingerprint(held.value)}"`;
    const { httpAdapter } = this.adapterHost;
    httpAdapter.setHeader(response, 'ETag', tag);
    if (!isAmong(tag, known)) return this.answer(name, held);
    httpAdapter.status(response, HttpStatus.NOT_MODIFIED);
    return undefined;
  }

  /** R5. A report of a token that was replaced already is answered with its successor, and costs nothing. */
  @Post(':name/rejected')
  @HttpCode(200)
  @Needs('tokens:issue')
  @Header('Cache-Control', 'no-store')
  async rejected(
    @Param('name') name: string,
    @Body({ schema: rejectedBody }) { value }: RejectedBody,
    @CurrentCaller() { actor }: Caller,
  ): Promise<TokenAnswer> {
    const account = accountOf(name);
    await this.tokens.invalidate(value, account, { actor });
    return this.answer(name, await this.tokens.cachedToken(account));
  }

  private answer(name: TokenName, held: CachedToken): TokenAnswer {
    const { value, version, expiresAt } = held;
    const epoch = this.rows.epochOf(expiresAt);
    return {
      name,
      value,
      expiresIn: Math.floor((expiresAt - this.clock.now()) / 1000),
      expiresAt: epoch === undefined ? null : new Date(epoch).toISOString(),
      version,
    };
  }
}

/** By the name alone: with the token in memory nobody is asked for it. @throws UnknownTokenError */
function accountOf(name: TokenName): string {
  const { kind, account } = parseTokenName(name);
  if (kind === 'access_token' && tokenName(kind, account) === name)
    return account;
  throw new UnknownTokenError(messages.unknownToken(kind, account));
}

/** Whether an If-None-Match names this tag; as RFC 9110 has it there, a weak one is the same as a strong one. */
function isAmong(tag: string, ifNoneMatch = ''): boolean {
  const opaque = (text: string) => text.trim().replace(/^W\//, '');
  const tags = ifNoneMatch.split(',').map(opaque);
  return tags.includes(opaque(tag)) || tags.includes('*');
}
