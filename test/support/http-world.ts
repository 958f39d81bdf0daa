import type { AbstractHttpAdapter } from '@nestjs/core';
import { DEFAULT_FAKE_ACCOUNT } from '../../src/testing/index.js';
import { KEYS, LogLines, SHOP } from './http.js';
import { type HttpReplica, World } from './world.js';

export const OWN = DEFAULT_FAKE_ACCOUNT;

/** An app that serves two accounts, whose tokens it has, to every one of the {@link KEYS}. */
interface HttpWorld {
  readonly world: World;
  readonly app: HttpReplica;
  /** All that the app has logged. */
  readonly log: LogLines;
}

export async function httpWorld(
  adapter: AbstractHttpAdapter,
): Promise<HttpWorld> {
  const accounts = [OWN, SHOP];
  const world = await World.create({ wechat: { accounts } });
  const log = new LogLines();
  const app = await world.httpReplica(adapter, {
    accounts,
    http: { apiKeys: Object.values(KEYS) },
    logger: log,
  });
  await app.accountCheck.check();
  return { world, app, log };
}
