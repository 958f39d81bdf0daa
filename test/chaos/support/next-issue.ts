import type { FakeWechat } from '../../../src/testing/index.js';

/** Resolves when the platform issues the next token; the answer is not even on its way then. */
export async function nextIssue(
  wechat: FakeWechat,
  withinSeconds: number,
): Promise<void> {
  const before = wechat.issued();
  await vi.waitUntil(() => wechat.issued() > before, {
    timeout: withinSeconds * 1000,
    interval: 5,
  });
}
