import type { ReplicaOptions, TestReplica, World } from './world.js';

/** Seconds; less than the time for which an old token is good beside a new one. */
export const STEP = 100;

/** A call of WeChat with a token as it is, without a retry. @returns WeChat's errcode */
export async function callOnce(
  { wechat }: World,
  token: string,
): Promise<number> {
  const query = new URLSearchParams({ access_token: token });
  const url = `${wechat.baseUrl}/cgi-bin/menu/get?${query.toString()}`;
  const { errcode } = (await (await fetch(url)).json()) as { errcode: number };
  return errcode;
}

/** Two replicas of one app, and programs that call WeChat without a retry: not one of their calls may be refused. */
export class Fleet {
  /** What a program has that got its token a step ago. */
  private kept: string | undefined;

  private constructor(
    private readonly world: World,
    private replicas: TestReplica[],
  ) {}

  static async start(world: World, options: ReplicaOptions): Promise<Fleet> {
    return new Fleet(world, await world.pair(options));
  }

  /** One of them after the other, while the programs go on. */
  async restartWith(options: ReplicaOptions): Promise<void> {
    for (const old of this.replicas) {
      await old.close();
      const next = await this.world.replica(options);
      this.replicas = this.replicas.map((each) => (each === old ? next : each));
      await next.accountCheck.check();
      await this.live(STEP);
    }
  }

  /** In steps in each of which every timer fires and every program calls. */
  async live(seconds: number): Promise<void> {
    const { world } = this;
    for (let elapsed = 0; elapsed < seconds; elapsed += STEP) {
      await world.advance(STEP);
      for (const { rounds, poller } of this.replicas) {
        await poller.poll();
        await rounds.tick();
      }
      if (this.kept !== undefined)
        expect(await callOnce(world, this.kept)).toBe(0);
      for (const { tokens } of this.replicas) {
        this.kept = await tokens.getAccessToken();
        expect(await callOnce(world, this.kept)).toBe(0);
      }
      const { value } = await world.row();
      expect(await callOnce(world, value ?? 'no token')).toBe(0);
    }
  }
}
