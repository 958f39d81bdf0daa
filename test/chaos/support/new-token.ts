import { tokenAnswer } from '../../support/app-sandbox.js';
import type { ChaosRun } from './chaos-run.js';
import { nextIssue } from './next-issue.js';

/** Resolves when the fleet serves a token with at least that life left, at once if it does so now. */
export async function tokenWithLife(
  run: ChaosRun,
  seconds: number,
  withinSeconds: number,
): Promise<void> {
  const lives = await Promise.all(
    run.up.map(async ({ url }) => (await tokenAnswer(url)).expires_in ?? 0),
  );
  if (Math.min(...lives) >= seconds) return;
  await nextIssue(run.wechat, withinSeconds);
  await run.settles();
}
