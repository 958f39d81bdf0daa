import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { ConsoleLogger, type LoggerService } from '@nestjs/common';
import { WinstonModule } from 'nest-winston';
import {
  ConsoleLogger as Nest11ConsoleLogger,
  Logger as Nest11Logger,
} from 'nestjs-11-common';
import { Logger, NativeLogger, PinoLogger } from 'nestjs-pino';
import winston from 'winston';
import { World } from '../support/world.js';

type Fields = Readonly<Record<string, unknown>>;

/** The fields that some lines have, among others. */
const FIELDS: Readonly<Record<string, Fields>> = {
  'token refreshed': {
    name: 'access_token',
    source: 'stable',
    fingerprint: expect.stringMatching(/^[\da-f]{8}$/),
  },
  'token rejected by WeChat': {
    name: 'access_token',
    fingerprint: expect.stringMatching(/^[\da-f]{8}$/),
  },
  'token refresh failed': {
    name: 'access_token',
    class: 'quota',
    errcode: 45009,
  },
};
const context = 'WechatToken';

/** All that the module logs in a life with a renewal, a rejected token, and a failure. */
async function live(logger: LoggerService): Promise<void> {
  await using world = await World.create();
  const { tokens, refresher } = await world.replica({ logger });
  await tokens.invalidate(await tokens.getAccessToken());
  // An operator is told of the last answer for as long.
  await world.advance(10);
  world.wechat.inject('stable', { errcode: 45009, errmsg: 'quota' });
  await expect(refresher.refresh('access_token')).rejects.toThrow('45009');
}

/** Where a logger writes; gives what was written since, as lines. */
function output() {
  const stream = new PassThrough({ encoding: 'utf8' });
  const lines = () =>
    String(stream.read() ?? '')
      .trimEnd()
      .split('\n');
  return { stream, lines };
}

/** What this process writes to its own streams meanwhile, as lines. */
async function printed(work: () => Promise<void>): Promise<string[]> {
  let text = '';
  const write = (chunk: unknown) => {
    text += String(chunk);
    return true;
  };
  const spies = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, 'write').mockImplementation(write),
  );
  try {
    await work();
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  return text.trimEnd().split('\n');
}

/** Each of the {@link FIELDS} has one line, which `expected` says of its level and its fields. */
function expectLines(
  lines: readonly string[],
  textOf: (line: Fields) => unknown,
  expected: (levels: [nest: string, pino: number], fields: Fields) => object,
): void {
  const parsed = lines.map((line) => JSON.parse(line) as Fields);
  const levels = {
    'token refreshed': ['log', 30],
    'token rejected by WeChat': ['warn', 40],
    'token refresh failed': ['error', 50],
  } as const;
  for (const [text, [nest, pino]] of Object.entries(levels)) {
    const found = parsed.filter((line) => textOf(line) === text);
    expect(new Set(found.map(({ level }) => level)).size, text).toBe(1);
    for (const line of found)
      expect(line).toMatchObject(expected([nest, pino], FIELDS[text] ?? {}));
  }
}

/** Nest 11's facade, which a module in an app of Nest 11 logs to. */
function inNest11(logger: LoggerService): LoggerService {
  Nest11Logger.overrideLogger(logger);
  const facade = new Nest11Logger(context);
  // Without what the facade of this Nest has added.
  return {
    log: (line: unknown) => facade.log(line),
    warn: (line: unknown) => facade.warn(line),
    error: (line: unknown) => facade.error(line),
    debug: (line: unknown) => facade.debug(line),
  };
}

const CONSOLES = [
  ['11', (options) => inNest11(new Nest11ConsoleLogger(options))],
  ['12', (options) => new ConsoleLogger(options)],
] satisfies [string, (options: object) => LoggerService][];

describe('a line of the log is one object with its text and its fields', () => {
  it('under nestjs-pino', async () => {
    const { stream, lines } = output();
    const pino = new PinoLogger({ pinoHttp: [{ level: 'debug' }, stream] });

    await live(new Logger(pino, {}));

    const logged = lines();
    expectLines(
      logged,
      ({ msg }) => msg,
      ([, level], fields) => ({ level, context, ...fields }),
    );
    expect(logged.join()).not.toContain('"message":');

    await live(new NativeLogger(pino, {}));

    expectLines(
      lines(),
      ({ msg }) => (msg as Fields)['msg'],
      ([, level], fields) => ({ level, context, msg: fields }),
    );
  });

  it('under nest-winston', async () => {
    const { stream, lines } = output();
    await live(
      WinstonModule.createLogger({
        transports: [new winston.transports.Stream({ stream })],
        format: winston.format.json(),
      }),
    );
    expectLines(
      lines(),
      ({ message }) => message,
      ([level], fields) => ({
        level: level === 'log' ? 'info' : level,
        context,
        ...fields,
      }),
    );
  });

  it.each(CONSOLES)("under Nest %s's own, as JSON", async (_, make) => {
    const lines = await printed(() => live(make({ json: true })));
    expectLines(
      lines,
      ({ message }) => (message as Fields)['msg'],
      ([level], fields) => ({ level, context, message: fields }),
    );
  });

  it.each(CONSOLES)("under Nest %s's own, as text", async (_, make) => {
    const lines = await printed(() => live(make({ colors: false })));
    for (const line of lines) expect(line).toMatch(/^\[Nest\] \d+ /);
    const text = lines.join('\n');
    expect(text).toMatch(
      /token refreshed \{ name: 'access_token', fingerprint: '\w{8}', .* \}$/m,
    );
    expect(text).toMatch(/token refresh failed \{ .*errcode: 45009.* \}$/m);
  });

  it('under one that makes a text of it', async () => {
    const texts: string[] = [];
    const log = (line: unknown) => texts.push(`${line as string}`);
    await live({ log, warn: log, error: log });
    expect(texts).toContainEqual(
      expect.stringMatching(/^token refreshed \{ name: 'access_token', /),
    );
  });

  it('wherever the source logs', () => {
    const source = join(import.meta.dirname, '../../src');
    const files = readdirSync(source, { recursive: true, encoding: 'utf8' });
    const calls = files
      .filter((file) => file.endsWith('.ts'))
      .map((file) => readFileSync(join(source, file), 'utf8'))
      .flatMap((text) => text.match(/\blogger\s*\.\w+\(\s*[\w ]+/g) ?? []);
    expect(calls.length).toBeGreaterThan(10);
    for (const call of calls) expect(call).toMatch(/\(\s*new LogLine$/);
  });
});
