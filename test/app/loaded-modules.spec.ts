import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppSandbox, tokenAnswer } from '../support/app-sandbox.js';

/** What takes long to load and is not needed to serve a stored token. */
const LATE = ['axios', '@nestjs/axios', '@nestjs/swagger'];

/** Which of them a process has loaded that ran with NODE_V8_COVERAGE. */
function loadedLate(folder: string): string[] {
  const loaded = readdirSync(folder).flatMap((file) => {
    const report = JSON.parse(readFileSync(join(folder, file), 'utf8')) as {
      result: { url: string }[];
    };
    return report.result.map(({ url }) => url);
  });
  expect(loaded.join()).toContain('/dist/wechat-token/');
  return LATE.filter((name) =>
    loaded.some((url) => url.includes(`/node_modules/${name}/`)),
  );
}

describe('R12 what a start loads', () => {
  it('is no HTTP client as long as the stored token is good, and no page of docs', async () => {
    await using sandbox = await AppSandbox.create();
    const coverage = (name: string) => join(sandbox.folder, name);
    const live = async (name: string) => {
      const app = await sandbox.run({ NODE_V8_COVERAGE: coverage(name) });
      const { access_token: token } = await tokenAnswer(app.url);
      expect(await app.stop()).toEqual({ code: 0, signal: null });
      return token;
    };

    const token = await live('cold');
    expect(await live('warm')).toBe(token);

    expect(loadedLate(coverage('cold'))).toEqual(['axios', '@nestjs/axios']);
    expect(loadedLate(coverage('warm'))).toEqual([]);
    expect(sandbox.wechat.calls.total).toBe(1);
  });
});
