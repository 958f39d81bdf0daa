import { AppSandbox, tokenAnswer } from '../support/app-sandbox.js';

interface Line {
  readonly level: string;
  readonly message: string;
  readonly context: string;
}

const linesOf = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);

describe('the log', () => {
  it('is one JSON object per line, and at the start shows the address and the token', async () => {
    await using sandbox = await AppSandbox.create();
    const app = await sandbox.run();
    await tokenAnswer(app.url);
    await app.stop();
    const lines = linesOf(app.logs()).map(
      ({ level, context, message }) => `${level} ${context}: ${message}`,
    );
    expect(new Set(lines)).toEqual(
      new Set([
        `log App: nestjs-wechat-token listens on ${app.url}`,
        'log WechatToken: token refreshed',
      ]),
    );
    expect(lines).toHaveLength(2);
  });

  it('has the framework in it on the level debug', async () => {
    await using sandbox = await AppSandbox.create();
    const app = await sandbox.run({ LOG_LEVEL: 'debug' });
    await app.stop();
    const nest = linesOf(app.logs()).filter(
      ({ context }) => !['App', 'WechatToken'].includes(context),
    );
    expect(nest.map(({ context }) => context)).toContain('RouterExplorer');
    expect(new Set(nest.map(({ level }) => level))).toEqual(new Set(['debug']));
  });
});
