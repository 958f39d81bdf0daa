import { setTimeout as sleep } from 'node:timers/promises';
import type { TokenMode } from '../../src/wechat-token/index.js';
import { AppSandbox, tokenAnswer } from '../support/app-sandbox.js';

const LIFE_SECONDS = 4;
const LIFETIMES = 10;
const POLL_MS = 50;
/** The app keeps a twentieth of so short a life back; an answer that took about as long on its way proves nothing. */
const TOO_LATE_MS = (LIFE_SECONDS * 1000) / 24;

interface Tally {
  readonly mode: TokenMode;
  answers: number;
  refused: number;
  errors: number;
  late: number;
  issued: number;
  calls: number;
}

/** Asks an app for its token again and again, until WeChat has issued one for each lifetime and one more. */
async function watch(mode: TokenMode): Promise<Tally> {
  await using sandbox = await AppSandbox.create({ lifeSeconds: LIFE_SECONDS });
  const { wechat } = sandbox;
  const app = await sandbox.run({
    WECHAT_TOKEN_MODE: mode,
    WECHAT_REFRESH_CRON: '* * * * * *',
  });
  const tally = { mode, answers: 0, refused: 0, errors: 0, late: 0 };
  while (wechat.issued() <= LIFETIMES) {
    const askedAt = performance.now();
    const { access_token: token } = await tokenAnswer(app.url);
    tally.answers += 1;
    if (token === undefined) tally.errors += 1;
    else if (!wechat.accepts(token)) {
      const isLate = performance.now() - askedAt > TOO_LATE_MS;
      tally[isLate ? 'late' : 'refused'] += 1;
    }
    await sleep(POLL_MS);
  }
  return { ...tally, issued: wechat.issued(), calls: wechat.calls.total };
}

function summary(tally: Tally): string {
  const { mode, issued, calls, answers, refused, errors } = tally;
  return `${mode} ${issued} tokens, ${calls} calls, ${answers} answers, ${refused} refused, ${errors} errors`;
}

it('through ten lifetimes in real time every token handed out is accepted, and each costs one issue', async () => {
  const startedAt = performance.now();
  const tallies = await Promise.all([watch('stable'), watch('classic')]);
  const seconds = (performance.now() - startedAt) / 1000;
  process.stdout.write(
    `[lifetimes] ${seconds.toFixed()} s: ${tallies.map(summary).join('; ')}\n`,
  );
  for (const tally of tallies) {
    expect(tally).toMatchObject({ refused: 0, errors: 0 });
    expect(tally.answers - tally.late).toBeGreaterThan(100);
    expect(tally.issued).toBe(LIFETIMES + 1);
    // In stable mode a call that came a little too early is repeated.
    const asking = tally.mode === 'stable' ? 2 : 1;
    expect(tally.calls).toBeLessThanOrEqual(asking * tally.issued);
  }
  // A token is renewed in the last third of its life, not sooner: no more issues than that.
  expect(seconds).toBeGreaterThan((LIFETIMES * LIFE_SECONDS * 2) / 3);
});
