// Where does the operator's page come from?

import {
  Controller,
  Get,
  Param,
  Req,
  Res,
  StreamableFile,
  UseFilters,
  UseGuards,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { OnAdapter } from '../auth/adapter-routes.js';
import { AppGuards } from '../auth/app-guards.js';
import type {
  AdapterController,
  AdapterRoute,
} from '../auth/route-handlers.js';
import { HttpProblem } from '../problem/http-problem.js';
import type { HttpRequest } from '../problem/http-request.js';
import { Group, MountGuard, NotMounted } from '../problem/mount.guard.js';
import { ProblemFilter } from '../problem/problem.filter.js';
import { type ConsoleFile, ConsoleFiles } from './console-files.js';
import { consoleMessages } from './console.messages.js';

const PATH = 'admin/wechat-tokens/console';
/** The page is asked for again each time; assets have a hash in their names. */
const OF_PAGE = 'no-cache';
const OF_ASSETS = 'public, max-age=31536000, immutable';
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "font-src 'self'",
  "base-uri 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * The console's page and what belongs to it: static files, the same for everybody and without a secret, so no key is asked for them;
 * the page asks for one. They exist where the routes for operators do.
 */
@Controller(PATH)
@Group('admin')
@OnAdapter('global guards')
@UseGuards(MountGuard)
@UseFilters(ProblemFilter)
export class ConsoleController implements AdapterController {
  constructor(
    private readonly files: ConsoleFiles,
    private readonly appGuards: AppGuards,
    private readonly adapterHost: HttpAdapterHost,
  ) {}

  adapterRoutes(): readonly AdapterRoute[] {
    const route = (
      below: string,
      answer: (request: HttpRequest, response: unknown) => unknown,
    ): AdapterRoute => ({ method: 'get', path: PATH + below, answer });
    return [
      route('', (...call) => this.page(...call)),
      route('/assets/:file', (request, response) =>
        this.asset(request.params['file'] ?? '', request, response),
      ),
      // Here Fastify finds the page's path with a slash at its end, and Express above.
      route('/:below', (request, response) => {
        if (request.params['below']) throw new NotMounted(request);
        return this.page(request, response);
      }),
    ];
  }

  @Get()
  page(
    @Req() request: HttpRequest,
    @Res({ passthrough: true }) response: unknown,
  ): Promise<StreamableFile | undefined> {
    // Relative, since only the browser knows the path that a proxy was asked for.
    const base = pathOf(request).endsWith('/') ? './' : './console/';
    const auth = this.appGuards.isEmpty ? 'key' : 'app';
    const file = this.files.page(
      `<base href="${base}"><meta name="wechat-token-auth" content="${auth}">`,
    );
    if (!file) throw new HttpProblem(404, consoleMessages.notBuilt());
    return this.send(file, OF_PAGE, request, response);
  }

  @Get('assets/:file')
  asset(
    @Param('file') name: string,
    @Req() request: HttpRequest,
    @Res({ passthrough: true }) response: unknown,
  ): Promise<StreamableFile | undefined> {
    const file = this.files.asset(name);
    if (!file) throw new NotMounted(request);
    return this.send(file, OF_ASSETS, request, response);
  }

  private async send(
    reading: Promise<ConsoleFile>,
    caching: string,
    { headers }: HttpRequest,
    response: unknown,
  ): Promise<StreamableFile | undefined> {
    const { type, bytes, gzipped, etag } = await reading;
    const { httpAdapter } = this.adapterHost;
    const set = (name: string, value: string) =>
      httpAdapter.setHeader(response, name, value);
    set('Cache-Control', caching);
    set('Content-Security-Policy', POLICY);
    set('Referrer-Policy', 'no-referrer');
    set('Vary', 'Accept-Encoding');
    set('ETag', etag);
    if (headers['if-none-match']?.includes(etag)) {
      httpAdapter.status(response, 304);
      return undefined;
    }
    const accepted = String(headers['accept-encoding'] ?? '');
    const smaller = /\bgzip\b/.test(accepted) ? gzipped : undefined;
    if (smaller) set('Content-Encoding', 'gzip');
    const body = smaller ?? bytes;
    return new StreamableFile(body, { type, length: body.length });
  }
}

function pathOf({ url }: HttpRequest): string {
  return url.split('?')[0] ?? '';
}
