import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  type INestApplication,
  Injectable,
  Module,
  type ModuleMetadata,
  type Provider,
  type Type,
  UnauthorizedException,
} from '@nestjs/common';
import {
  type AbstractHttpAdapter,
  APP_FILTER,
  HttpAdapterHost,
} from '@nestjs/core';
import { ScheduleModule } from '@nestjs/schedule';
import { Test } from '@nestjs/testing';
import { of } from 'rxjs';
import {
  DEFAULT_FAKE_ACCOUNT,
  FakeWechat,
} from '../../../src/testing/index.js';
import {
  type ApiKey,
  ProblemFilter,
  WechatTokenModule,
  type WechatTokenModuleExtras,
  type WechatTokenModuleOptions,
} from '../../../src/wechat-token/index.js';
import { AccountCheck } from '../../../src/wechat-token/schedule/account-check.js';
import { TokenEvents } from '../../../src/wechat-token/store/token-events.js';
import {
  bearer,
  KEYS,
  PLATFORMS,
  posted,
  type Sent,
} from '../../support/http.js';
import { memoryDatabase } from '../../support/memory-database.js';
import { unusedConnections } from '../../support/unused-connections.js';

type HttpOptions = WechatTokenModuleOptions['http'];

const { appId } = DEFAULT_FAKE_ACCOUNT;
const TOKEN = '/wechat-tokens/access_token';
const ADMIN = '/admin/wechat-tokens';
const SHAPED = `/cgi-bin/token?${new URLSearchParams({
  grant_type: 'client_credential',
  appid: appId,
  secret: KEYS.all.key,
}).toString()}`;
const ALL = [TOKEN, ADMIN, `${ADMIN}/access_token`, `${ADMIN}/stream`, SHAPED];

/** The larger app's own: a session in a header, whose user it looks up by a service of the app's. */
@Injectable()
class Sessions {
  readonly users = new Map([['alice-session', { id: 'alice' }]]);
}
@Injectable()
class SessionGuard implements CanActivate {
  constructor(private readonly sessions: Sessions) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context
      .switchToHttp()
      .getRequest<{ headers: Record<string, string>; user?: unknown }>();
    const session = request.headers['x-session'] ?? '';
    request.user = this.sessions.users.get(session);
    if (!session) throw new UnauthorizedException('Sign in first.');
    return request.user !== undefined;
  }
}
@Module({ providers: [Sessions, SessionGuard] })
class SessionModule {}

@Controller('hello')
class HelloController {
  @Get()
  hello() {
    return 'hello';
  }
}

/** The larger app's own routes at the paths of the module; Fastify refuses a second route for a path. */
@Controller('cgi-bin')
class OwnShapedController {
  @Get(['token', 'stable_token'])
  own() {
    return 'own';
  }
}
@Controller()
class OwnTokensController {
  @Get([
    'wechat-tokens/:name',
    'admin/wechat-tokens',
    'admin/wechat-tokens/:name',
  ])
  own() {
    return 'own';
  }
}
const OWN = [OwnShapedController, OwnTokensController];

describe.each(PLATFORMS)('the routes, on %s', (_platform, adapter) => {
  let wechat: FakeWechat;
  let app: INestApplication | undefined;
  let endUnused = () => {};

  beforeAll(async () => {
    wechat = await FakeWechat.start();
  });
  afterEach(() => {
    endUnused();
    return app?.close();
  });
  afterAll(() => wechat.stop());

  const options = (http: HttpOptions): WechatTokenModuleOptions => ({
    accounts: [DEFAULT_FAKE_ACCOUNT],
    api: { baseUrl: wechat.baseUrl },
    ...(http && { http }),
  });

  /** An app as users write it, with a route of its own. */
  async function start(
    module: ReturnType<typeof WechatTokenModule.forRoot>,
    providers: Provider[] = [],
    controllers: Type[] = [HelloController],
  ) {
    const running = await serve({
      imports: [
        ScheduleModule.forRoot(),
        memoryDatabase(),
        SessionModule,
        module,
      ],
      controllers,
      providers,
    });
    await running.get(AccountCheck, { strict: false }).check();
    return running;
  }
  async function serve(metadata: ModuleMetadata) {
    const made = await Test.createTestingModule(metadata).compile();
    app = made.createNestApplication(adapter() as AbstractHttpAdapter, {
      logger: false,
    });
    endUnused = unusedConnections(app.getHttpServer());
    await app.listen(0, '127.0.0.1');
    return app;
  }
  const sync = (
    http: HttpOptions,
    extras: WechatTokenModuleExtras = {},
    controllers?: Type[],
  ) =>
    start(
      WechatTokenModule.forRoot({ ...options(http), ...extras }),
      [],
      controllers,
    );
  const async = (
    http: HttpOptions,
    extras: WechatTokenModuleExtras = {},
    controllers?: Type[],
  ) =>
    start(
      WechatTokenModule.forRootAsync({
        useFactory: () => options(http),
        ...extras,
      }),
      [],
      controllers,
    );

  async function ask(path: string, init: Sent = {}): Promise<Response> {
    return fetch(`${await app?.getUrl()}${path}`, init);
  }
  async function statusOf(path: string, headers = bearer(KEYS.all)) {
    const response = await ask(path, { headers });
    await response.body?.cancel();
    return response.status;
  }
  const statuses = (paths: readonly string[], headers = bearer(KEYS.all)) =>
    Promise.all(paths.map((path) => statusOf(path, headers)));

  describe.each([
    ['forRoot', sync],
    ['forRootAsync', async],
  ])('with %s', (_name, startWith) => {
    it.each([
      ['no options', undefined],
      ['no keys', { apiKeys: [] }],
      ['an empty list of guards', { guards: [] }],
    ])("are not there with %s: the app's ordinary 404", async (_what, http) => {
      await startWith(http);
      expect(await statuses(ALL)).toEqual(ALL.map(() => 404));
      const [ours, another] = await Promise.all(
        [TOKEN, '/wechat-token'].map((path) =>
          ask(path, { headers: bearer(KEYS.all) }),
        ),
      );
      expect(await ours?.json()).toEqual({
        ...((await another?.json()) as object),
        message: `Cannot GET ${TOKEN}`,
      });
    });

    it.each([
      ['without keys', {}, OWN, ALL],
      [
        'with all groups switched off',
        {
          apiKeys: [KEYS.all],
          admin: false,
          tokens: false,
          wechatShaped: false,
        },
        OWN,
        ALL,
      ],
      [
        'with guards and no key',
        { guards: [SessionGuard] },
        [OwnShapedController],
        [SHAPED],
      ],
    ])(
      'do not exist %s: the paths are free for the app',
      async (_what, http, controllers, paths) => {
        await startWith(http, {}, controllers);
        const responses = await Promise.all(paths.map((path) => ask(path)));
        const texts = responses.map((response) => response.text());
        expect(await Promise.all(texts)).toEqual(paths.map(() => 'own'));
      },
    );

    it.each([
      ['admin', { admin: false }, [200, 404, 404, 404, 200]],
      ['tokens', { tokens: false }, [404, 200, 200, 200, 200]],
      ['wechatShaped', { wechatShaped: false }, [200, 200, 200, 200, 404]],
    ])('can do without the group %s', async (_group, off, expected) => {
      await startWith({ apiKeys: [KEYS.all], ...off });
      expect(await statuses(ALL)).toEqual(expected);
    });

    it('can have a prefix', async () => {
      const extras = { routePrefix: 'internal' };
      await startWith({ apiKeys: [KEYS.all] }, extras);
      const prefixed = ALL.map((path) => `/internal${path}`);
      expect(await statuses(prefixed)).toEqual(ALL.map(() => 200));
      expect(await statuses(ALL)).toEqual(ALL.map(() => 404));
      expect(await statuses(['/hello', '/internal/hello'])).toEqual([200, 404]);
    });

    describe("with the app's guards", () => {
      const alice = { 'x-session': 'alice-session' };

      it('are guarded by those, and by no key', async () => {
        await startWith({ guards: [SessionGuard], apiKeys: [KEYS.all] });
        const paths = [TOKEN, ADMIN, `${ADMIN}/access_token`];
        const ask = (headers: object) =>
          statuses(paths, headers as ReturnType<typeof bearer>);
        expect(await ask(alice)).toEqual([200, 200, 200]);
        expect(await ask({ 'x-session': 'unknown' })).toEqual([403, 403, 403]);
        expect(await ask(bearer(KEYS.all))).toEqual([401, 401, 401]);
        // A program that speaks as to WeChat has nothing but a key.
        expect(await statusOf(SHAPED)).toBe(200);
      });

      it("return the guards' errors as a problem", async () => {
        await startWith({ guards: [SessionGuard] });
        const response = await ask(TOKEN);
        expect(await response.json()).toMatchObject({
          status: 401,
          detail: 'Sign in first.',
        });
        expect(await statusOf(SHAPED)).toBe(404);
      });

      it('name the user in events, or "app"', async () => {
        const anybody: CanActivate = { canActivate: () => of(true) };
        for (const [guards, actor] of [
          [[SessionGuard, anybody], 'alice'],
          [[anybody], 'app'],
        ] as const) {
          const running = await startWith({ guards });
          const path = `${ADMIN}/access_token/refresh`;
          expect((await ask(path, posted({}, alice))).status).toBe(200);
          const history = running.get(TokenEvents, { strict: false });
          await vi.waitFor(async () =>
            expect(
              await history.page('access_token', { limit: 1 }),
            ).toMatchObject([{ type: 'asked', actor }]),
          );
          await running.close();
        }
      });

      it('have no limit of event streams per caller if they identify no user', async () => {
        const anybody: CanActivate = { canActivate: () => true };
        await startWith({ guards: [anybody] });
        const streams = await Promise.all(
          Array.from({ length: 6 }, () => ask(`${ADMIN}/stream`)),
        );
        expect(streams.map(({ status }) => status)).toEqual(
          streams.map(() => 200),
        );
        for (const { body } of streams) await body?.cancel();
      });

      it('are made here when the app provides none', async () => {
        @Injectable()
        class Nobody implements CanActivate {
          canActivate = () => false;
        }
        await startWith({ guards: [Nobody] });
        expect(await statusOf(TOKEN)).toBe(403);
      });
    });
  });

  it.each([TOKEN, ADMIN, SHAPED])(
    'appear and disappear with the keys of the source: %s',
    async (path) => {
      let keys: readonly ApiKey[] = [];
      await sync({ apiKeys: { current: () => keys } });
      expect(await statusOf(path)).toBe(404);
      keys = [KEYS.all];
      expect(await statusOf(path)).toBe(200);
      keys = [];
      expect(await statusOf(path)).toBe(404);
    },
  );

  describe('a body that is not valid JSON, with the filter as APP_FILTER', () => {
    const filter = { provide: APP_FILTER, useClass: ProblemFilter };
    const startWith = (http: HttpOptions, routePrefix?: string) =>
      start(WechatTokenModule.forRoot({ ...options(http), routePrefix }), [
        filter,
      ]);
    const send = (path: string) => ask(path, posted('{"appid":'));

    it.each([undefined, 'internal'])(
      'is 47001 in the shape of WeChat, with the prefix %s, and 400 elsewhere',
      async (prefix) => {
        await startWith({ apiKeys: [KEYS.all] }, prefix);
        const base = prefix ? `/${prefix}` : '';
        const shaped = await send(`${base}/cgi-bin/stable_token?x=1`);
        expect(shaped.status).toBe(200);
        expect(await shaped.json()).toEqual({
          errcode: 47001,
          errmsg: 'data format error',
        });
        const other = await send(`${base}${ADMIN}/access_token/refresh`);
        expect(other.status).toBe(400);
      },
    );

    it('is 47001 too with a filter that the app has made by hand', async () => {
      const byHand = {
        provide: APP_FILTER,
        useFactory: (host: HttpAdapterHost) => new ProblemFilter(host),
        inject: [HttpAdapterHost],
      };
      const http = { apiKeys: [KEYS.all] };
      await start(WechatTokenModule.forRoot(options(http)), [byHand]);
      const shaped = await send('/cgi-bin/stable_token');
      expect(shaped.status).toBe(200);
      expect(await shaped.json()).toMatchObject({ errcode: 47001 });
    });

    it('is 400 if those routes are not mounted', async () => {
      await startWith({ apiKeys: [KEYS.all], wechatShaped: false });
      expect((await send('/cgi-bin/stable_token')).status).toBe(400);
    });

    it('is 400 in an app without the module', async () => {
      await serve({ controllers: [HelloController], providers: [filter] });
      const response = await send('/cgi-bin/stable_token');
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ status: 400 });
    });
  });

  it.each([
    ['http.guards', { guards: SessionGuard }],
    ['http.guards[0]', { guards: ['SessionGuard'] }],
    ['http.admin', { admin: 'yes' }],
    ['http.tokens', { tokens: 1 }],
  ])('%s is named when it is wrong', async (field, http) => {
    await expect(sync(http as unknown as HttpOptions)).rejects.toMatchObject({
      code: 'CONFIGURATION',
      faults: [expect.objectContaining({ field })],
    });
    app = undefined;
  });
});
