import { leavesLongFiles } from './depth.js';

/**
 * Whole apps that are started again and again, lifetimes in real time, explorations of the model, and details of databases: `npm test`
 * leaves them to .ci/run, which runs every file.
 */
const LONG_FILES = [
  'test/app/api-keys-file.spec.ts',
  'test/app/lifetimes.spec.ts',
  'test/app/missing-driver.spec.ts',
  'test/app/private-file.spec.ts',
  'test/app/readme-commands.spec.ts',
  'test/app/reseal.spec.ts',
  'test/app/shutdown.spec.ts',
  'test/app/trust-proxy.spec.ts',
  'test/app/typeorm-cli.spec.ts',
  'test/app/wechat-shaped.spec.ts',
  'test/app/what-is-a-key.spec.ts',
  'test/contract/database-tls.spec.ts',
  'test/contract/engine-pool.spec.ts',
  'test/contract/legacy-table.spec.ts',
  'test/contract/lost-rows.spec.ts',
  'test/contract/migration-from-0-1.spec.ts',
  'test/contract/readers.spec.ts',
  'test/contract/reseal.spec.ts',
  'test/contract/rolling-update.spec.ts',
  'test/contract/schema-gap.spec.ts',
  'test/contract/schema-tools.spec.ts',
  'test/contract/server-settings.spec.ts',
  'test/contract/start.spec.ts',
  'test/contract/time-zone.spec.ts',
  'test/contract/two-apps.spec.ts',
  'test/contract/unfit-tables.spec.ts',
  'test/deploy/promtool.spec.ts',
  'test/deploy/rolling-restart.spec.ts',
  'test/interop/managed-tokens.spec.ts',
  'test/model/classic.spec.ts',
  'test/model/stable.spec.ts',
  'test/model/three-replicas.spec.ts',
  'test/renewal/r7-ten-lifetimes.spec.ts',
  'test/renewal/r8-no-verdict-is-endless.spec.ts',
  'test/schedule/r14-slow-accounts.spec.ts',
  'test/chaos/black-hole-database.spec.ts',
  'test/chaos/black-hole-platform.spec.ts',
  'test/chaos/clocks.spec.ts',
  'test/chaos/garbage.spec.ts',
  'test/chaos/news-flood.spec.ts',
  'test/chaos/platform-down.spec.ts',
  'test/chaos/read-only-failover.spec.ts',
];

/** What this run leaves out. */
export const leftOut: readonly string[] = leavesLongFiles ? LONG_FILES : [];
