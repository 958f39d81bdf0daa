import { leavesLongFiles } from './depth.js';

/**
 * Whole apps that are started again and again, and lifetimes in real time. What they show is a detail, or something that a shorter file
 * shows as well: `npm test` leaves them to .ci/run, which runs every file.
 */
const LONG_FILES = [
  'test/app/api-keys-file.spec.ts',
  'test/app/lifetimes.spec.ts',
  'test/app/reseal.spec.ts',
  'test/app/typeorm-cli.spec.ts',
  'test/app/wechat-shaped.spec.ts',
  'test/contract/migration-from-0-1.spec.ts',
  'test/contract/rolling-update.spec.ts',
  'test/contract/server-settings.spec.ts',
  'test/contract/time-zone.spec.ts',
  'test/interop/managed-tokens.spec.ts',
  'test/renewal/r7-ten-lifetimes.spec.ts',
  'test/schedule/r14-slow-accounts.spec.ts',
  'test/chaos/black-hole-database.spec.ts',
  'test/chaos/clocks.spec.ts',
  'test/chaos/garbage.spec.ts',
  'test/chaos/news-flood.spec.ts',
  'test/chaos/read-only-failover.spec.ts',
];

/** What this run leaves out. */
export const leftOut: readonly string[] = leavesLongFiles ? LONG_FILES : [];
