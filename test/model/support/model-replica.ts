import { Accounts } from '../../../src/wechat-token/accounts/accounts.js';
import { Clock } from '../../../src/wechat-token/common/clock.js';
import type { RenewalIntent } from '../../../src/wechat-token/renewal/policy/policy.js';
import { Renewer } from '../../../src/wechat-token/renewal/renewer.js';
import { PendingWrites } from '../../../src/wechat-token/renewal/pending-writes.js';
import { Replica } from '../../../src/wechat-token/common/replica.js';
import { Sealing } from '../../../src/wechat-token/store/sealing.js';
import { SqlRunner } from '../../../src/wechat-token/store/sql-runner.js';
import { TokenCache } from '../../../src/wechat-token/cache/token-cache.js';
import type { TokenSource } from '../../../src/wechat-token/sources/token-source.js';
import { PlatformGateway } from '../../../src/wechat-token/upstream/gateway.js';
import { TokenSources } from '../../../src/wechat-token/upstream/token-sources.js';
import { RETRY_MS } from '../../../src/wechat-token/common/timing.js';
import { isWechatTokenError } from '../../../src/wechat-token/common/errors.js';
import { resolveOptions } from '../../../src/wechat-token/options/options.schema.js';
import { WechatTokenSettings } from '../../../src/wechat-token/common/settings.js';
import { Injector } from './injector.js';
import type { ModelMode } from './model-platform.js';
import { CALL_TIMEOUT_MS, LEASE_MS } from './model-time.js';

export const NAME = 'access_token';

/** What a replica of the model stands on, all of it gated. */
export interface Ground {
  readonly id: string;
  readonly mode: ModelMode;
  readonly clock: Clock;
  readonly sql: SqlRunner;
  readonly source: TokenSource;
}

/** Ready at once, and never called. */
const UNUSED_GATEWAY: PlatformGateway = Object.assign(
  Object.create(PlatformGateway.prototype),
  { ready: () => Promise.resolve() },
);

/** The real engine as one process has it, from the renewer to the statements. */
export class ModelReplica {
  readonly id: string;
  ended = false;
  /** A renewal has ended in an error. */
  failed = false;
  crashed = false;
  private readonly renewer: Renewer;
  private readonly memory: TokenCache;
  private readonly pendingWrites: PendingWrites;

  constructor(
    ground: Ground,
    private readonly clock: Clock = ground.clock,
  ) {
    this.id = ground.id;
    const { settings, accounts } = resolvedOptions[ground.mode];
    const injector = new Injector()
      .provide(Clock, clock)
      .provide(Replica, { id: ground.id })
      .provide(SqlRunner, ground.sql)
      .provide(Sealing, new Sealing([]))
      .provide(WechatTokenSettings, settings)
      // The model's source makes no HTTP call.
      .provide(PlatformGateway, UNUSED_GATEWAY)
      .provide(Accounts, new Accounts(accounts))
      .provide(TokenSources, new TokenSources([ground.source]));
    this.renewer = injector.get(Renewer);
    this.memory = injector.get(TokenCache);
    this.pendingWrites = injector.get(PendingWrites);
  }

  get isRunning(): boolean {
    return !this.ended && !this.crashed;
  }

  /** What it hands out without asking anybody. */
  served(): string | null {
    return this.memory.usable(NAME, this.clock.now())?.value ?? null;
  }

  /** The token that it has and could not write. */
  pending(): string | undefined {
    return this.pendingWrites.get(NAME)?.token.value;
  }

  async renew(intent: RenewalIntent): Promise<void> {
    try {
      // As callers do, who wait for others, and then try again.
      while ((await this.renewer.renew(NAME, intent)) === 'others renew')
        await this.clock.sleep(RETRY_MS);
    } catch (error) {
      if (!isWechatTokenError(error)) throw error;
      this.failed = true;
    }
  }
}

export const ACCOUNT = { appId: 'wx_model', appSecret: 'model' };

function options(mode: 'stable' | 'classic') {
  return resolveOptions({
    accounts: [{ ...ACCOUNT, mode }],
    api: { timeoutMs: CALL_TIMEOUT_MS },
    refresh: { leaseSeconds: LEASE_MS / 1000 },
  });
}

const resolvedOptions = {
  stable: options('stable'),
  classic: options('classic'),
  // The account of a ticket has a mode for its access token, which the model leaves out.
  ticket: options('stable'),
};
