import {
  FAKE_APP,
  FakeFeishu,
} from '../../samples/own-source/src/fake-feishu.js';
import { FeishuSource } from '../../samples/own-source/src/feishu.source.js';
import { tokenName } from '../../src/wechat-token/index.js';
import type { TestDatabase } from './every-database.js';
import { type ReplicaOptions, type TestReplica, World } from './world.js';

export const LARK = { name: 'lark', kind: 'feishu', ...FAKE_APP };
export const LARK_TOKEN = tokenName('access_token', LARK.name);

/** A world whose replicas have one account, that of samples/own-source, with the sample's source and its stand-in of Feishu. */
export class FeishuWorld implements AsyncDisposable {
  private constructor(
    readonly world: World,
    readonly feishu: FakeFeishu,
  ) {}

  static async on(database: TestDatabase): Promise<FeishuWorld> {
    const world = await World.on(database);
    const feishu = await FakeFeishu.start(() => world.clock.now());
    return new FeishuWorld(world, feishu);
  }

  /** Its patience is that of a busy machine: no replica takes another one for silent, and asks Feishu without the lease. */
  replica(options: ReplicaOptions = {}): Promise<TestReplica> {
    return this.world.replica({
      accounts: [LARK],
      sources: [new FeishuSource(this.feishu.baseUrl)],
      ...options,
      api: { timeoutMs: 60_000, ...options.api },
      refresh: { leaseSeconds: 180, ...options.refresh },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.world[Symbol.asyncDispose]();
    await this.feishu.stop();
  }
}
