import type { DataSource } from 'typeorm';
import { MonotonicClock } from '../common/clock.js';
import { type ResealedToken, Resealing } from './resealing.js';
import { Sealing } from './sealing.js';
import { SqlRunner } from './sql-runner.js';
import type { WechatTokenModuleOptions } from '../options/options.js';
import { resolveEncryptionKeys } from '../options/options.schema.js';

/**
 * The end of a rotation: seals all stored tokens with the first of the keys, token by token as it is iterated. Needs the
 * tables and nothing else of the module; may run beside refreshers, again, and be broken off.
 * @param encryptionKeys As in the options: the first seals, all of them open.
 * @throws ConfigurationError, and StoreError while it is iterated. A value that does not open is left as it is, and told.
 */
export function resealTokens(
  dataSource: DataSource,
  encryptionKeys: WechatTokenModuleOptions['encryptionKeys'],
): AsyncIterable<ResealedToken> {
  const sealing = new Sealing(resolveEncryptionKeys(encryptionKeys));
  const session = new SqlRunner(dataSource, new MonotonicClock());
  return new Resealing(session, sealing).run();
}
