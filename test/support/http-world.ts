import type { AbstractHttpAdapter } from '@nestjs/core';
import {
  DEFAULT_FAKE_ACCOUNT,
  type FakeAccount,
  type FakeWecomAccount,
} from '../../src/testing/index.js';
import type { ConfiguredAccount } from '../../src/wechat-token/index.js';
import { KEYS, LogLines, SHOP } from './http.js';
import { type HttpReplica, World } from './world.js';

export const OWN = DEFAULT_FAKE_ACCOUNT;

interface HttpAccount {
  readonly fake: FakeAccount | FakeWecomAccount;
  readonly account: ConfiguredAccount;
}

/** An app that serves two accounts, whose tokens it has, to every one of the {@link KEYS}. */
interface HttpWorld {
  readonly world: World;
  readonly app: HttpReplica;
  /** All that the app has logged. */
  readonly log: LogLines;
}

/** @param others Accounts besides these two; the fake has them too. */
export async function httpWorld(
  adapter: AbstractHttpAdapter,
  ...others: HttpAccount[]
): Promise<HttpWorld> {
  const fakes = [OWN, SHOP, ...others.map(({ fake }) => fake)];
  const accounts = [OWN, SHOP, ...others.map(({ account }) => account)];
  const world = await World.create({ wechat: { accounts: fakes } });
  const log = new LogLines();
  const app = await world.httpReplica(adapter, {
    accounts,
    http: { apiKeys: Object.values(KEYS) },
    logger: log,
  });
  await app.accountCheck.check();
  return { world, app, log };
}
