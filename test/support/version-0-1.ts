import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ScheduleModule } from '@nestjs/schedule';
import { Test } from '@nestjs/testing';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../src/config/database.js';
import type { WechatTokenModuleOptions } from '../../src/wechat-token/index.js';
import { PROJECT } from './build.js';
import { parsed } from './open-store.js';
import { install, linkAllBut } from './packed-package.js';
import { type AppProcess, runApp } from './run-app.js';
import type { World } from './world.js';
import { typeOrm } from './type-orm.js';

const TARBALL = join(
  PROJECT,
  'test/fixtures/version-0.1/nestjs-wechat-token-0.1.0.tgz',
);
/** Timers that never fire within a test. */
const NEVER = { cron: '0 0 0 29 2 *', syncIntervalMs: 60_000 };

type Main = typeof import('../../src/wechat-token/index.js');
type Clocks = typeof import('../../src/wechat-token/common/clock.js');
type Schedules = typeof import('../../src/wechat-token/schedule/rounds.js') &
  typeof import('../../src/wechat-token/schedule/change-poller.js');
interface Gateways {
  readonly WechatGateway: typeof import('../../src/wechat-token/upstream/gateway.js').PlatformGateway;
}

/** One running copy of version 0.1, without its timers, as {@link TestReplica} is one of this version. */
export interface OldReplica {
  readonly token: (account?: string) => Promise<string>;
  /** As an operator asks, in normal mode. */
  readonly refresh: (name: string) => Promise<unknown>;
  readonly poll: () => Promise<void>;
  readonly tick: () => Promise<void>;
  /** What it has logged as a warning or an error. */
  readonly complaints: readonly string[];
  readonly close: () => Promise<void>;
}

/** The packed version 0.1, installed as npm does, in a folder of its own. */
export class Version01 implements Disposable {
  private constructor(
    private readonly folder: string,
    private readonly main: Main,
  ) {}

  static async install(): Promise<Version01> {
    const folder = mkdtempSync(join(tmpdir(), 'wechat-token-0.1-'));
    await install(TARBALL, folder);
    linkAllBut([], folder);
    const main = await load<Main>(folder, 'index.js');
    return new Version01(folder, main);
  }

  /** A connection whose tables are those of version 0.1, made now or before. */
  async open(databaseUrl: string): Promise<DataSource> {
    const dataSource = await new DataSource({
      ...dataSourceOptions(parsed(databaseUrl)),
      entities: [...this.main.wechatTokenEntities],
      migrations: [...this.main.wechatTokenMigrations],
    }).initialize();
    await this.main.runMigrationsExclusively(dataSource);
    return dataSource;
  }

  /** A started replica, on the clock, the platform and the database of that world. */
  async replica(
    world: World,
    options: Pick<WechatTokenModuleOptions, 'accounts' | 'role'>,
  ): Promise<OldReplica> {
    const dataSource = await this.open(world.databaseUrl);
    const { Clock } = await load<Clocks>(this.folder, 'common/clock.js');
    const { WechatGateway } = await load<Gateways>(
      this.folder,
      'upstream/wechat-gateway.js',
    );
    const schedule = (file: string) =>
      load<Schedules>(this.folder, `schedule/${file}.js`);
    const { Rounds } = await schedule('rounds');
    const { ChangePoller } = await schedule('change-poller');
    const complaints: string[] = [];
    const complain = (...parts: unknown[]) => {
      // Nest says so of several apps in one process.
      if (parts.includes('DataSourceNameRegistry')) return;
      complaints.push(JSON.stringify(parts));
    };
    const module = await Test.createTestingModule({
      imports: [
        ScheduleModule.forRoot(),
        typeOrm(dataSource),
        this.main.WechatTokenModule.forRoot({
          ...options,
          // A call that hangs ends when the test says so, also on a busy machine.
          api: { baseUrl: world.wechat.baseUrl, timeoutMs: 14_000 },
          refresh: NEVER,
        }),
      ],
    })
      .overrideProvider(Clock)
      .useValue(world.clock)
      .setLogger({ log: () => undefined, warn: complain, error: complain })
      .compile();
    await module.get(WechatGateway).ready();
    await module.init();
    const tokens = module.get(this.main.AccessTokenProvider);
    const refresher = module.get(this.main.TokenRefresher);
    const poller = module.get(ChangePoller);
    const rounds = module.get(Rounds);
    return {
      token: (account) => tokens.getAccessToken(account),
      refresh: (name) => refresher.refresh(name),
      poll: () => poller.poll(),
      tick: () => rounds.tick(),
      complaints,
      close: () => module.close(),
    };
  }

  /** A process of its own with the routes of version 0.1, on MariaDB or MySQL; settings: see app-0-1.mjs. */
  app(settings: Readonly<Record<string, string>>): Promise<AppProcess> {
    const script = join(import.meta.dirname, 'app-0-1.mjs');
    return runApp(settings, { cwd: this.folder, script });
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A file of the installed package, typed as the same file of this version is. */
async function load<Module>(folder: string, file: string): Promise<Module> {
  const path = `node_modules/nestjs-wechat-token/dist/wechat-token/${file}`;
  return (await import(pathToFileURL(join(folder, path)).href)) as Module;
}
