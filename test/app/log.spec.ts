import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppSandbox, tokenAnswer } from '../support/app-sandbox.js';

interface Line {
  readonly timestamp: string;
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
    const logged = linesOf(app.logs());
    const lines = logged.map(
      ({ level, context, message }) => `${level} ${context}: ${message}`,
    );
    expect(new Set(lines)).toEqual(
      new Set([
        `log App: nestjs-wechat-token listens on ${app.url}`,
        'log WechatToken: token refreshed',
        'log Audit: token read',
      ]),
    );
    expect(lines).toHaveLength(3);
    const at = expect.stringMatching(/^20\d\d-\d\d-\d\dT[\d:]{8}\.\d{3}Z$/);
    for (const line of logged) expect(line.timestamp).toEqual(at);
    expect(logged.find(({ message }) => message === 'token refreshed')).toEqual(
      {
        timestamp: at,
        level: 'log',
        context: 'WechatToken',
        message: 'token refreshed',
        name: 'access_token',
        fingerprint: expect.stringMatching(/^[\da-f]{8}$/),
        source: 'stable',
        masked: expect.any(String),
        expiresIn: 7200,
        nextDueAt: at,
        latencyMs: expect.any(Number),
      },
    );
    expect(
      logged.find(({ message }) => message === 'token read'),
    ).toMatchObject({
      name: 'access_token',
      actor: 'sandbox',
      address: '127.0.0.1',
      route: 'GET /cgi-bin/token',
      count: 1,
    });
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

  it('is text for people with LOG_FORMAT=pretty', async () => {
    await using sandbox = await AppSandbox.create();
    const app = await sandbox.run({ LOG_FORMAT: 'pretty', AUDIT: 'off' });
    await tokenAnswer(app.url);
    await app.stop();
    const lines = app.logs().trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(line).toMatch(/^\[wechat-token\] \d+ /);
    expect(app.logs()).toMatch(
      /LOG \[WechatToken\] token refreshed \{ name: 'access_token', .*nextDueAt: '20/,
    );
  });

  it('has no line that docs/logs.md does not explain, with its level, and no other is there', () => {
    const source = join(import.meta.dirname, '../../src');
    const text = readdirSync(source, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'))
      .map((file) => readFileSync(join(source, file), 'utf8'))
      .join('\n');
    const lines = [
      ...text.matchAll(
        /\.(log|debug|warn|error)\(\s*new LogLine\(\s*'([^']+)'|\.(problem)\(\s*'([^']+)'/g,
      ),
    ].map(([, level, line, , problem]) =>
      problem ? `error ${problem}` : `${level} ${line}`,
    );
    // One text is the address, the other one that of `problem`.
    const all = text.match(/new LogLine\(/g)?.length;
    const problems = text.match(/\.problem\('/g)?.length ?? NaN;
    expect(lines.length).toBe(Number(all) - 2 + problems);
    const page = readFileSync(join(source, '../docs/logs.md'), 'utf8');
    const rows = page.matchAll(
      /^\| (?:<a [^>]+><\/a>)?`([^`]+)` +\| (\w+) +\|/gm,
    );
    const documented = [...rows].map(([, line, level]) => `${level} ${line}`);
    expect(documented.toSorted()).toEqual(
      [...new Set(lines), 'log nestjs-wechat-token listens on …'].toSorted(),
    );
  });
});
