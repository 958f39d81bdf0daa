import type { ServerResponse } from 'node:http';
import {
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  ForbiddenException,
  Get,
  type INestApplication,
  Injectable,
  type MiddlewareConsumer,
  Module,
  type NestInterceptor,
  type PipeTransform,
  type Provider,
  Scope,
  SetMetadata,
  VersioningType,
} from '@nestjs/common';
import {
  type AbstractHttpAdapter,
  APP_FILTER,
  APP_GUARD,
  APP_INTERCEPTOR,
  APP_PIPE,
  Reflector,
} from '@nestjs/core';
import { ScheduleModule } from '@nestjs/schedule';
import { Test } from '@nestjs/testing';
import { map } from 'rxjs';
import {
  DEFAULT_FAKE_ACCOUNT,
  FakeWechat,
} from '../../../src/testing/index.js';
import {
  WechatTokenModule,
  type WechatTokenModuleExtras,
  type WechatTokenModuleOptions,
} from '../../../src/wechat-token/index.js';
import { AccountCheck } from '../../../src/wechat-token/schedule/account-check.js';
import {
  bearer,
  KEYS,
  PLATFORMS,
  posted,
  type Sent,
} from '../../support/http.js';
import { memoryDatabase } from '../../support/memory-database.js';
import { unusedConnections } from '../../support/unused-connections.js';

const { appId } = DEFAULT_FAKE_ACCOUNT;
const question = {
  grant_type: 'client_credential',
  appid: appId,
  secret: KEYS.all.key,
};
const SHAPED = `/cgi-bin/token?${new URLSearchParams(question).toString()}`;
const NAMED = '/wechat-tokens/access_token';
const ADMIN = '/admin/wechat-tokens';

/** Every route for programs in other languages, with a request that is answered with a token. */
const ROUTES: readonly (readonly [path: string, init: Sent])[] = [
  [SHAPED, {}],
  ['/cgi-bin/stable_token', posted(question)],
  [NAMED, { headers: bearer(KEYS.all) }],
  [`${NAMED}/rejected`, posted({ value: 'replaced' }, bearer(KEYS.all))],
];

/** What larger apps do to all of their routes, each in a way that an answer shows. */
const envelope: NestInterceptor = {
  intercept: (_context, next: CallHandler<unknown>) =>
    next.handle().pipe(map((data) => ({ data }))),
};
const nobody: CanActivate = { canActivate: () => false };
const teapot: ExceptionFilter = {
  catch: (_error, host) => {
    const response = host.switchToHttp().getResponse<{
      status(code: number): { send(body: unknown): void };
    }>();
    response.status(418).send({ teapot: true });
  },
};
/** All of them, refusing. */
class Everything {
  canActivate = () => false;
  intercept = () => {
    throw new ForbiddenException();
  };
  transform = this.intercept;
  catch = (error: unknown, host: ArgumentsHost) => teapot.catch(error, host);
}
const refuse: PipeTransform = {
  transform: () => {
    throw new Error('a pipe of the app has run');
  },
};

const VERSIONS: [string, (it: INestApplication) => unknown][] = [
  [
    'versions in paths',
    (it) =>
      it.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' }),
  ],
  [
    'versions in a header',
    (it) =>
      it.enableVersioning({ type: VersioningType.HEADER, header: 'version' }),
  ],
  [
    'versions in a media type',
    (it) =>
      it.enableVersioning({
        type: VersioningType.MEDIA_TYPE,
        key: 'v=',
        defaultVersion: '1',
      }),
  ],
];

describe.each(PLATFORMS)('in a larger app, on %s', (_platform, adapter) => {
  let wechat: FakeWechat;
  let app: INestApplication | undefined;
  let endUnused = () => {};
  /** The paths of the requests that the app's middleware has seen. */
  let seen: string[] = [];
  /** Whether that middleware lets nobody through. */
  let refuses = false;

  beforeAll(async () => {
    wechat = await FakeWechat.start();
  });
  afterEach(() => {
    endUnused();
    return app?.close();
  });
  afterAll(() => wechat.stop());

  @Controller('hello')
  class HelloController {
    @Get()
    hello() {
      return 'hello';
    }
  }
  @Module({})
  class LargerModule {
    configure(consumer: MiddlewareConsumer) {
      const see = (
        request: { originalUrl?: string },
        response: ServerResponse,
        next: () => void,
      ) => {
        seen.push(request.originalUrl?.split('?')[0] ?? '');
        if (refuses) response.writeHead(401).end();
        else next();
      };
      consumer.apply(see).forRoutes('{*path}');
    }
  }

  async function start(
    http: WechatTokenModuleOptions['http'],
    given: {
      readonly extras?: WechatTokenModuleExtras;
      readonly global?: readonly Provider[];
      readonly set?: (app: INestApplication) => unknown;
      readonly refuses?: true;
    } = {},
  ): Promise<void> {
    seen = [];
    refuses = given.refuses ?? false;
    const made = await Test.createTestingModule({
      imports: [
        LargerModule,
        ScheduleModule.forRoot(),
        memoryDatabase(),
        WechatTokenModule.forRootAsync({
          useFactory: () => ({
            accounts: [DEFAULT_FAKE_ACCOUNT],
            api: { baseUrl: wechat.baseUrl },
            ...(http && { http }),
          }),
          ...given.extras,
        }),
      ],
      controllers: [HelloController],
      providers: [...(given.global ?? [])],
    }).compile();
    app = made.createNestApplication(adapter() as AbstractHttpAdapter, {
      logger: false,
    });
    given.set?.(app);
    endUnused = unusedConnections(app.getHttpServer());
    await app.listen(0, '127.0.0.1');
    await app.get(AccountCheck, { strict: false }).check();
  }
  const ask = async (path: string, init: Sent = {}) =>
    fetch(`${await app?.getUrl()}${path}`, init);
  /** The tokens in the answers, wherever they stand. */
  async function tokensAt(prefix = ''): Promise<unknown[]> {
    const tokens: unknown[] = [];
    for (const [path, init] of ROUTES) {
      const response = await ask(prefix + path, init);
      expect(response.status, path).toBe(200);
      expect(response.headers.get('cache-control')).toBe('no-store');
      const body = (await response.json()) as Record<string, unknown>;
      tokens.push(body['access_token'] ?? body['value']);
    }
    return tokens;
  }
  const current = () => ROUTES.map(() => wechat.currentToken(appId));
  const keys = { apiKeys: Object.values(KEYS) };

  it.each([
    ['an interceptor', APP_INTERCEPTOR, envelope],
    ['a guard', APP_GUARD, nobody],
    ['a filter', APP_FILTER, teapot],
    ['a pipe', APP_PIPE, refuse],
  ])(
    'tokens are answered past %s for all routes',
    async (_what, provide, useValue) => {
      await start(keys, { global: [{ provide, useValue }] });
      expect(await tokensAt()).toEqual(current());

      const refused = await ask(NAMED);
      expect(refused.status).toBe(401);
      expect(refused.headers.get('content-type')).toContain('problem+json');
      expect(refused.headers.get('www-authenticate')).toBe('Bearer');
    },
  );

  it.each([
    ['an interceptor', APP_INTERCEPTOR],
    ['a guard', APP_GUARD],
    ['a filter', APP_FILTER],
    ['a pipe', APP_PIPE],
  ])(
    'tokens are answered past %s that is made for each request',
    async (_what, provide) => {
      const global = { provide, useClass: Everything, scope: Scope.REQUEST };
      await start(keys, { global: [global] });
      expect(await tokensAt()).toEqual(current());
    },
  );

  it.each([
    ['a global prefix', (it: INestApplication) => it.setGlobalPrefix('api')],
    ...VERSIONS,
  ])(
    'tokens are at the same paths with %s, and behind the prefix of the module',
    async (_what, set) => {
      for (const routePrefix of [undefined, '/internal/wechat/']) {
        await start(keys, { set, extras: { routePrefix } });
        const prefix = routePrefix ? '/internal/wechat' : '';
        expect(await tokensAt(prefix)).toEqual(current());
        if (prefix) expect((await ask(NAMED)).status).toBe(404);
        await app?.close();
      }
    },
  );

  it.each<[string, (it: INestApplication) => unknown]>([
    ['an interceptor', (it) => it.useGlobalInterceptors(envelope)],
    ['a filter', (it) => it.useGlobalFilters(teapot)],
    ['a pipe', (it) => it.useGlobalPipes(refuse)],
    ['a global prefix', (it) => it.setGlobalPrefix('api')],
    ...VERSIONS,
  ])(
    'everything keeps its shape with %s, set on the app',
    async (_what, set) => {
      await start(keys, { set });
      expect(await tokensAt()).toEqual(current());
      await operate();
    },
  );

  it.each([
    ['an interceptor', APP_INTERCEPTOR, envelope],
    ['a filter', APP_FILTER, teapot],
    ['a pipe', APP_PIPE, refuse],
  ])(
    'routes for operators keep their shape with %s for all routes',
    async (_what, provide, useValue) => {
      await start(keys, { global: [{ provide, useValue }] });
      await operate();
    },
  );

  /** Every route for operators does what it does in an app without anything global. */
  async function operate(): Promise<void> {
    const headers = bearer(KEYS.all);
    const read = async (path: string, init: Sent = { headers }) => {
      const response = await ask(ADMIN + path, init);
      expect(response.status, path).toBe(200);
      return response.json() as Promise<unknown>;
    };
    const view = { name: 'access_token', status: 'valid' };
    expect(await read('?limit=5')).toMatchObject({ items: [view], next: null });
    expect(await read('/access_token')).toMatchObject(view);
    expect(await read('/access_token/events?limit=1')).toMatchObject({
      items: [{ type: expect.any(String) }],
    });
    const refresh = posted({ reason: 'test' }, headers);
    expect(await read('/access_token/refresh', refresh)).toMatchObject({
      outcome: 'unchanged',
    });
    const stream = await ask(`${ADMIN}/stream`, { headers });
    expect(stream.headers.get('content-type')).toBe('text/event-stream');
    await stream.body?.cancel();

    for (const [path, init, status] of [
      ['', {}, 401],
      ['', { headers: bearer(KEYS.issue) }, 403],
      ['?limit=x', { headers }, 400],
      ['/stream?limit=x', { headers }, 400],
      ['/access_token:none', { headers }, 404],
      ['/access_token/refresh', posted({ force: 'yes' }, headers), 400],
      ['/access_token/refresh', posted('{', headers), 400],
    ] as const) {
      const response = await ask(ADMIN + path, init);
      expect(response.status, path).toBe(status);
      expect(await response.json(), path).toMatchObject({ status });
    }
  }

  describe('a guard for all routes that looks for metadata', () => {
    const Public = () => SetMetadata('public', true);
    @Injectable()
    class PublicGuard implements CanActivate {
      constructor(private readonly reflector: Reflector) {}

      canActivate(context: ExecutionContext): boolean {
        const places = [context.getHandler(), context.getClass()];
        return this.reflector.getAllAndOverride('public', places) === true;
      }
    }
    const guarded = { provide: APP_GUARD, useClass: PublicGuard };
    const anybody: CanActivate = { canActivate: () => true };

    it.each([
      ['', (it: INestApplication) => it],
      [
        ', set on the app',
        (it: INestApplication) =>
          it.useGlobalGuards(new PublicGuard(new Reflector())),
      ],
    ])(
      'lets operators in by the metadata of the module, and nobody without it%s',
      async (what, set) => {
        const global = what === '' ? [guarded] : [];
        await start(keys, { global, set });
        expect(await tokensAt()).toEqual(current());
        for (const path of ['', '/access_token', '/stream'])
          expect(
            (await ask(ADMIN + path, { headers: bearer(KEYS.all) })).status,
          ).toBe(403);
        await app?.close();

        await start(keys, { global, set, extras: { metadata: [Public()] } });
        expect(await tokensAt()).toEqual(current());
        await operate();
        expect((await ask('/hello')).status).toBe(403);
      },
    );

    it("decides about every route with the app's own guards", async () => {
      const http = { ...keys, guards: [anybody] };
      const extras = { metadata: [Public()] };
      await start(http, { global: [guarded] });
      for (const [path, init] of ROUTES)
        expect((await ask(path, init)).status, path).toBe(403);
      await app?.close();

      await start(http, { global: [guarded], extras });
      expect(await tokensAt()).toEqual(current());
      expect((await ask(ADMIN)).status).toBe(200);
    });

    it('that is made for each request is asked as well', async () => {
      const global = [{ ...guarded, scope: Scope.REQUEST }];
      const headers = bearer(KEYS.all);
      await start(keys, { global });
      expect((await ask(ADMIN, { headers })).status).toBe(403);
      await app?.close();

      await start(keys, { global, extras: { metadata: [Public()] } });
      expect((await ask(ADMIN, { headers })).status).toBe(200);
      expect(await tokensAt()).toEqual(current());
    });
  });

  it('middleware of the app is not passed by, whatever a body claims to be', async () => {
    await start(keys, { refuses: true });
    for (const type of [
      'application/json',
      'application/json; charset=gbk',
      'x/y',
    ]) {
      const init = posted(question, { 'content-type': type });
      expect((await ask('/cgi-bin/stable_token', init)).status, type).toBe(401);
    }
  });

  it("nothing is passed by with the app's own guards", async () => {
    const anybody: CanActivate = { canActivate: () => true };
    await start(
      { ...keys, guards: [anybody] },
      {
        global: [{ provide: APP_INTERCEPTOR, useValue: envelope }],
        set: (it) => it.setGlobalPrefix('api'),
      },
    );
    for (const [path, init] of ROUTES) {
      expect((await ask(path, init)).status).toBe(404);
      const response = await ask(`/api${path}`, init);
      expect(response.status, path).toBe(200);
      expect(await response.json()).toHaveProperty('data');
    }
    await app?.close();

    await start(
      { ...keys, guards: [anybody] },
      { global: [{ provide: APP_GUARD, useValue: nobody }] },
    );
    for (const [path, init] of ROUTES)
      expect((await ask(path, init)).status, path).toBe(403);
  });

  it('middleware for all routes runs, and follows the global prefix', async () => {
    const paths = ROUTES.map(([path]) => path.split('?')[0]);
    await start(keys);
    await tokensAt();
    expect(seen).toEqual(paths);
    await app?.close();

    await start(keys, { set: (it) => it.setGlobalPrefix('api') });
    await tokensAt();
    await ask('/api/hello');
    expect(seen).toEqual(['/api/hello']);
  });

  it('HEAD is answered as GET without a body, and other methods by the 404 of the app', async () => {
    await start(keys);
    const head = await ask(SHAPED, { method: 'HEAD' });
    expect(head.status).toBe(200);
    expect(head.headers.get('cache-control')).toBe('no-store');
    expect(await head.text()).toBe('');
    for (const method of ['PUT', 'DELETE', 'PATCH', 'POST']) {
      const response = await ask(NAMED, { method, headers: bearer(KEYS.all) });
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({
        message: `Cannot ${method} ${NAMED}`,
      });
    }
  });

  it('a body that is too large, or not JSON, is refused by the app and not repeated', async () => {
    await start(keys, { global: [] });
    const large = JSON.stringify({ value: 'x'.repeat(3_000_000) });
    for (const [body, status] of [
      [large, 413],
      ['[', 400],
      ['{"value":5}', 400],
      ['{}', 400],
    ] as const) {
      const init = posted(body, bearer(KEYS.all));
      const response = await ask(`${NAMED}/rejected`, init);
      expect(response.status).toBe(status);
      expect((await response.text()).length).toBeLessThan(1000);
    }
    const problem = await ask(
      `${NAMED}/rejected`,
      posted({ value: 5, other: 1 }, bearer(KEYS.all)),
    );
    expect(await problem.json()).toMatchObject({
      status: 400,
      errors: [{ field: 'value' }, { field: 'other' }],
    });
  });
});
