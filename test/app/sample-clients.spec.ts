import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { DEFAULT_FAKE_ACCOUNT, FakeWechat } from '../../src/testing/index.js';
import { findPhp } from '../interop/php-client.js';
import { recipe } from '../interop/recipe.js';
import { API_KEY, AppSandbox, askToken } from '../support/app-sandbox.js';
import { PROJECT } from '../support/build.js';
import { createDatabase, databaseServers } from '../support/databases.js';
import { findProgram } from '../support/find-program.js';
import { blocks, read } from '../support/pages.js';
import { type SpawnedApp, spawnApp } from '../support/run-app.js';
import { PYTHON } from '../support/tools.js';

const CENTRAL_SERVER = 'samples/central-server/README.md';
const OPERATING = 'docs/operating.md';
const INTEROP = 'docs/interop.md';
const WRONG_KEY = 'wrong-key-0123456789abcdefghijklmnop';
const PATIENCE_MS = 120_000;
/** A busy machine is to fail no call, and to have no token confirmed. */
const PATIENT = {
  TOKEN_TIMEOUT: '120',
  WECHAT_CONFIRM_SECONDS: '0',
  HEADERS_TIMEOUT_MS: '120000',
  REQUEST_TIMEOUT_MS: '120000',
  WECHAT_REQUEST_TIMEOUT_MS: '60000',
  WECHAT_LEASE_SECONDS: '300',
};
/** A replica, as it is printed. */
const REPLICA = /^replica \d: (\S+), process \d+$/gm;
/** Nobody listens there. */
const NOWHERE = 'http://127.0.0.1:1';
const SUCCESS = 'WeChat has 2 servers, such as 203.0.113.10\n';

let folder: string;
/** `python3` and `php` on the PATH of the samples' commands. */
let path: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wechat-token-samples-'));
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  symlinkSync(PYTHON, join(bin, 'python3'));
  symlinkSync(findPhp(), join(bin, 'php'));
  path = `${bin}:${process.env['PATH']}`;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Settles when the app has its first token. */
async function servesTokens(url: string): Promise<void> {
  await vi.waitUntil(async () => (await askToken(url)).ok, PATIENCE_MS);
}

type Environment = Readonly<Record<string, string>>;

/** Commands of a page, in the page's folder. */
async function run(page: string, commands: string, env: Environment) {
  const child = spawn('bash', ['-c', commands], {
    cwd: join(PROJECT, dirname(page)),
    env: { ...PATIENT, PATH: path, PYTHONDONTWRITEBYTECODE: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

/** In front of an app: it notes what clients ask and are answered, and answers by itself when it is told to. */
class Front implements AsyncDisposable {
  readonly seen: string[] = [];
  isFailing = false;
  private readonly server = createServer((incoming, outgoing) => {
    void (async () => {
      const { method = '', url = '', headers } = incoming;
      const body = (await incoming.toArray()).join('');
      const answer = this.isFailing
        ? new Response('{"detail":"on holiday"}', {
            status: 503,
            headers: { 'Retry-After': '3600' },
          })
        : await fetch(this.app + url, {
            method,
            headers: headers as Record<string, string>,
            ...(method === 'POST' && { body }),
          });
      this.seen.push(`${method} ${answer.status}`);
      const etag = answer.headers.get('etag');
      const retryAfter = answer.headers.get('retry-after');
      outgoing.writeHead(answer.status, {
        ...(etag && { ETag: etag }),
        ...(retryAfter && { 'Retry-After': retryAfter }),
      });
      outgoing.end(await answer.text());
    })();
  });

  private constructor(private readonly app: string) {}

  static async before(app: string): Promise<Front> {
    const front = new Front(app);
    front.server.listen(0, '127.0.0.1');
    await once(front.server, 'listening');
    return front;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }
}

/** A program that calls WeChat again and again. */
interface Program extends AsyncDisposable {
  /** What a call prints, when so much time has passed that the client asks for its token again. */
  callLater(): Promise<string>;
  /** How many of ten simultaneous calls succeed. */
  tenCalls(): Promise<number>;
  /** Ends the life of its token. */
  expire(): void;
}

/** One process. */
function pythonProgram(page: string, env: Environment): Program {
  const script = `
import os, sys
from concurrent.futures import ThreadPoolExecutor
from token_client import CallError, TokenClient

server, key, wechat = (os.environ[name] for name in ("TOKEN_SERVER", "TOKEN_KEY", "WECHAT_API_BASE_URL"))
client = TokenClient(server, key, wechat=wechat, timeout=120)

def call(_):
    try:
        return str(client.call("/cgi-bin/get_api_domain_ip"))
    except CallError as error:
        return str(error)

def call_later():
    client._ask_again = 0
    print(call(0), flush=True)

def ten_calls():
    with ThreadPoolExecutor(10) as threads:
        print(sum("ip_list" in answer for answer in threads.map(call, range(10))), flush=True)

def expire():
    client._ends = 0

for line in sys.stdin:
    globals()[line.strip()]()
`;
  const python = spawn(PYTHON, ['-c', script], {
    cwd: join(PROJECT, dirname(page)),
    env: { PYTHONDONTWRITEBYTECODE: '1', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const printed = createInterface(python.stdout)[Symbol.asyncIterator]();
  const answer = async (line: string) => {
    python.stdin.write(`${line}\n`);
    const { value = '' } = await printed.next();
    return value;
  };
  return {
    callLater: () => answer('call_later'),
    tenCalls: async () => Number(await answer('ten_calls')),
    expire: () => void python.stdin.write('expire\n'),
    async [Symbol.asyncDispose]() {
      const closed = once(python, 'close');
      python.stdin.end();
      await closed;
    },
  };
}

/** A process for each call; what they have in common is a file. */
function phpProgram(page: string, env: Environment): Program {
  const tokens = env['TOKEN_FOLDER'] ?? '';
  const change = (changed: object) => {
    for (const name of readdirSync(tokens)) {
      const file = join(tokens, name);
      const kept = JSON.parse(readFileSync(file, 'utf8')) as object;
      writeFileSync(file, JSON.stringify({ ...kept, ...changed }));
    }
  };
  return {
    async callLater() {
      change({ askAgain: 0 });
      const { stdout, stderr } = await run(page, 'php example.php', env);
      return stdout + stderr;
    },
    async tenCalls() {
      const ten = 'seq 10 | xargs -P 10 -I_ php example.php';
      const { stdout } = await run(page, ten, env);
      return stdout.split(SUCCESS).length - 1;
    },
    expire: () => change({ ends: 0 }),
    async [Symbol.asyncDispose]() {},
  };
}

const CLIENTS = [
  { page: 'samples/python-client/README.md', program: pythonProgram },
  { page: 'samples/php-client/README.md', program: phpProgram },
];

describe.each(CLIENTS)('the client of $page', ({ page, program }) => {
  const [example = ''] = blocks(page, 'sh');
  let sandbox: AppSandbox;
  let front: Front;
  let environment: Environment;
  beforeAll(async () => {
    sandbox = await AppSandbox.create();
    const { url } = await sandbox.run(PATIENT);
    await servesTokens(url);
    front = await Front.before(url);
  });
  afterAll(async () => {
    await front[Symbol.asyncDispose]();
    await sandbox[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    front.seen.length = 0;
    front.isFailing = false;
    environment = {
      TOKEN_SERVER: front.url,
      TOKEN_KEY: API_KEY,
      TOKEN_FOLDER: mkdtempSync(join(folder, 'token-')),
      WECHAT_API_BASE_URL: sandbox.wechat.baseUrl,
    };
  });

  it('calls WeChat, and reports a token that WeChat refuses once', async () => {
    const { wechat } = sandbox;
    const succeeds = async () => {
      const done = await run(page, example, environment);
      expect(done).toEqual({ code: 0, stdout: SUCCESS, stderr: '' });
    };
    await succeeds();
    expect(front.seen).toEqual(['GET 200']);

    wechat.drop();
    await succeeds();
    expect(wechat.refused).toBe(1);
    expect(wechat.issued()).toBe(2);

    await succeeds();
    expect(wechat.refused).toBe(1);
    expect(front.seen.filter((request) => request === 'POST 200')).toHaveLength(
      1,
    );
  });

  it('asks the token server once, and reports once, for all of its calls', async () => {
    await using client = program(page, environment);
    expect(await client.tenCalls()).toBe(10);
    expect(front.seen.filter((seen) => seen === 'GET 200')).toHaveLength(1);
    sandbox.wechat.drop();
    expect(await client.tenCalls()).toBe(10);
    expect(front.seen.filter((seen) => seen === 'POST 200')).toHaveLength(1);
  });

  const wrong: readonly (readonly [string, Environment, RegExp])[] = [
    ['the key is wrong', { TOKEN_KEY: WRONG_KEY }, /gave no token: 401, \w/],
    ['there is no key', { TOKEN_KEY: '' }, /^Set TOKEN_KEY: /],
    [
      'the token server is away',
      { TOKEN_SERVER: NOWHERE },
      /^The token server gave no token: no answer from http:\/\/127\.0\.0\.1:1\/.*refused/,
    ],
    [
      'WeChat is away',
      { WECHAT_API_BASE_URL: NOWHERE },
      /^No answer from WeChat to \/cgi-bin\/get_api_domain_ip: .*refused/,
    ],
  ];
  it.each(wrong)('says so and fails when %s', async (_, settings, message) => {
    const done = await run(page, example, { ...environment, ...settings });
    expect(done).toMatchObject({ code: 1, stdout: '' });
    expect(done.stderr).toMatch(message);
    expect(done.stderr.trimEnd()).not.toContain('\n');
    for (const secret of [API_KEY, WRONG_KEY, ...sandbox.wechat.issuedTokens])
      expect(done.stderr).not.toContain(secret);
  });

  it('asks whether its token is current, uses it on while the server fails, and leaves that alone until Retry-After', async () => {
    await using client = program(page, environment);
    const succeeds = async () =>
      expect(await client.callLater()).toContain('203.0.113.10');
    await succeeds();
    await succeeds();
    expect(front.seen).toEqual(['GET 200', 'GET 304']);

    front.isFailing = true;
    await succeeds();
    await succeeds();
    client.expire();
    expect(await client.callLater()).toMatch(
      /^The token server gave no token: 503, on holiday$/m,
    );
    expect(front.seen).toEqual(['GET 200', 'GET 304', 'GET 503']);
  });
});

it('the client in PHP has a folder for each user, and refuses one that is open to others', async () => {
  const page = 'samples/php-client/README.md';
  const environment = {
    TMPDIR: mkdtempSync(join(folder, 'tmp-')),
    TOKEN_SERVER: NOWHERE,
    TOKEN_KEY: API_KEY,
  };
  await run(page, 'php example.php', environment);
  const [name = ''] = readdirSync(environment.TMPDIR);
  expect(name).toBe(`wechat-token-client-${process.geteuid?.()}`);

  const tokens = join(environment.TMPDIR, name);
  chmodSync(tokens, 0o755);
  const { code, stderr } = await run(page, 'php example.php', environment);
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /^\S+ must be writable by this user and closed .* or set TOKEN_FOLDER /,
  );
  expect(stderr).toContain(tokens);
});

/** A process of the sample and all that it has started, in a group that gets its signals. */
function central(commands: string, env: Environment): SpawnedApp {
  const cwd = join(PROJECT, dirname(CENTRAL_SERVER));
  const command = ['bash', '-c', commands] as const;
  const npm = { HOME: folder, npm_config_update_notifier: 'false' };
  return spawnApp(
    { ...PATIENT, ...npm, ...env },
    { command, cwd, inGroup: true, startTimeoutMs: PATIENCE_MS },
  );
}

/** Ctrl-C in its terminal. */
async function interrupt({ pid = 0, exit }: SpawnedApp): Promise<void> {
  process.kill(-pid, 'SIGINT');
  await exit;
}

describe('samples/central-server', () => {
  const [offline = '', clients = '', start = ''] = blocks(CENTRAL_SERVER, 'sh');
  const servers = databaseServers().filter(({ kind }) => kind !== 'postgres');

  it.each(servers)(
    'on $kind $version: two replicas cause one call to WeChat, and no read fails when one of them is killed',
    async (server) => {
      const fresh = await createDatabase(server);
      const [, appId = '', appSecret = ''] =
        /WECHAT_APP_ID=(\S+) WECHAT_APP_SECRET=(\S+)/.exec(start) ?? [];
      await using wechat = await FakeWechat.start({
        accounts: [{ appId, appSecret }],
      });
      const commands = start
        .replace(/DATABASE_URL=.*/, `DATABASE_URL='${fresh.url}'`)
        .replace(/^npm start/m, 'echo "key: $TOKEN_KEY"\nexec npm start');
      await using app = central(commands, {
        WECHAT_API_BASE_URL: wechat.baseUrl,
      });
      const url = await app.listening;
      const printed = (pattern: RegExp) => pattern.exec(app.logs())?.[1];
      const authorization = `Bearer ${printed(/^key: (\w+)$/m)}`;

      /** Of the reads: their tokens, and what they got in place of one. */
      const answers = new Set<string>();
      let count = 0;
      let isOver = false;
      const read = async (from = url) => {
        const response = await fetch(`${from}/wechat-tokens/access_token`, {
          headers: { authorization },
        });
        const { value } = (await response.json()) as { value?: string };
        return value ?? `HTTP ${response.status}`;
      };
      for (const [, replica = ''] of app.logs().matchAll(REPLICA))
        await vi.waitUntil(
          async () => (await read(replica)).startsWith('90_'),
          PATIENCE_MS,
        );
      const reads = (async () => {
        for (; !isOver; count++) answers.add(await read().catch(String));
      })();
      const more = async () => {
        const enough = count + 20;
        await vi.waitUntil(() => count >= enough, PATIENCE_MS);
      };
      await more();
      expect([...answers]).toEqual(wechat.issuedTokens);
      process.kill(Number(printed(/^replica 1: .*process (\d+)$/m)), 'SIGKILL');
      await vi.waitUntil(
        () => app.logs().includes('replica 1 has ended: SIGKILL'),
        PATIENCE_MS,
      );
      await more();
      isOver = true;
      await reads;

      expect([...answers]).toEqual(wechat.issuedTokens);
      expect(wechat.calls.total).toBe(1);
      await interrupt(app);
      await fresh.drop();
    },
  );

  // Without one, the test above has the server of TEST_DATABASE_URL.
  const own = findProgram(['mariadbd', 'mysqld']) ? ['a database'] : [];
  it.each(own)(
    'starts %s by itself; clients in three languages cause one call to WeChat, operators see the faults that are typed',
    async () => {
      const temporary = mkdtempSync(join(folder, 'tmp-'));
      const [build, cd, command = ''] = offline.trimEnd().split('\n');
      expect(build).toMatch(/^npm ci && npm run build /);
      expect(cd).toBe('cd samples/central-server');
      const terminal = join(folder, 'terminal');
      await using app = central(
        `mkfifo '${terminal}' && exec <> '${terminal}' && exec ${command}`,
        { TMPDIR: temporary },
      );
      await app.listening;
      const printed = (pattern: RegExp) =>
        vi.waitUntil(() => pattern.exec(app.logs())?.[1], PATIENCE_MS);
      const settings = await printed(/^ +(export TOKEN_SERVER=.*)$/m);
      await vi.waitUntil(
        () => app.logs().includes('"token refreshed"'),
        PATIENCE_MS,
      );

      const { code, stdout, stderr } = await run(
        CENTRAL_SERVER,
        `set -e; ${settings}\n${clients}`,
        { TOKEN_FOLDER: join(folder, 'token') },
      );

      expect({ code, stderr }).toMatchObject({ code: 0 });
      expect(stdout).toMatch(/^\{"name":"access_token","value":"90_/);
      expect(stdout.endsWith(SUCCESS + SUCCESS)).toBe(true);
      expect(app.logs().match(/WeChat issued token/g)).toHaveLength(1);

      const operators = await printed(/^ +(export SERVER=.*)$/m);
      const [, looks = '', , , , , refresh = ''] = blocks(OPERATING, 'sh');
      const expectOf = (commands: string, answer: RegExp | string) =>
        vi.waitFor(async () => {
          const text = `set -e; ${operators}\n${commands}`;
          const done = await run(CENTRAL_SERVER, text, {});
          expect(done.stdout).toMatch(answer);
        }, PATIENCE_MS);
      await expectOf(
        looks,
        /"status":"ok"[^]*"name":"access_token"[^]*"type":"refreshed"/,
      );
      const console = await printed(/(http\S+console)$/m);
      expect((await fetch(console)).status).toBe(200);

      const words = await printed(/((?: {2}\w+ {2,}.*\n)+)\n/);
      const rows = read(CENTRAL_SERVER).matchAll(/^\| `(\w+)` +\| (.*?) +\|/gm);
      for (const [, word = '', meaning = ''] of rows)
        expect(words).toContain(`  ${word.padEnd(7)}  ${meaning}\n`);
      const type = async (word: string) => {
        // A pipe that is opened to be read as well does not wait for who reads it.
        writeFileSync(terminal, `${word}\n`, { flag: 'r+' });
        await printed(new RegExp(`^(>> ${word}: )`, 'm'));
      };
      await type('drop');
      const python = `${settings}\npython3 ../python-client/example.py`;
      expect((await run(CENTRAL_SERVER, python, {})).stdout).toBe(SUCCESS);
      expect(app.logs().match(/WeChat issued token/g)).toHaveLength(2);

      const wechat = await printed(/WECHAT_API_BASE_URL=(\S+)/);
      const { appId, appSecret } = DEFAULT_FAKE_ACCOUNT;
      const asked = () =>
        fetch(`${wechat}/cgi-bin/stable_token`, {
          method: 'POST',
          body: JSON.stringify({
            grant_type: 'client_credential',
            appid: appId,
            secret: appSecret,
          }),
        }).then((response) => response.text(), String);
      for (const [word, answer] of [
        ['ip', '"errcode":40164,'],
        ['quota', '"errcode":45009,'],
        ['down', 'TypeError: fetch failed'],
        ['heal', '"access_token":'],
        ['secret', '"errcode":40125,'],
      ] as const) {
        await type(word);
        expect(await asked(), word).toContain(answer);
      }
      await expectOf(refresh, '"errcode":40125');

      const forCheck = await printed(/^ +(export DATABASE_URL=.*\n.*)$/m);
      const check = () =>
        run(
          CENTRAL_SERVER,
          `set -e; ${forCheck}\nnode ../../dist/main.js --check`,
          {},
        );
      expect((await check()).stdout).toContain('40125');
      const [, secretFile = ''] = /APP_SECRET_FILE=(\S+)/.exec(forCheck) ?? [];
      writeFileSync(secretFile, await printed(/the new AppSecret: (\w+)/));
      expect((await check()).stdout).toMatch(/^ok +account .* accepted/m);
      await type('restart');
      await printed(/(>> restarted: )/);
      const started = [...app.logs().matchAll(REPLICA)].map(
        ([, url = '']) => url,
      );
      expect(started.slice(2).toSorted()).toEqual(
        started.slice(0, 2).toSorted(),
      );
      await expectOf(refresh, '"outcome":"unchanged"');

      expect(readdirSync(temporary)).toHaveLength(2);
      await interrupt(app);
      const { pid = 0 } = app;
      await vi.waitFor(() =>
        expect(() => process.kill(-pid, 0)).toThrow('ESRCH'),
      );
      expect(readdirSync(temporary)).toEqual([]);
    },
  );
});

describe(INTEROP, () => {
  it.each([
    ['python', 'samples/python-client/token_client.py'],
    ['php', 'samples/php-client/TokenClient.php'],
  ])('quotes the client in %s', (language, file) => {
    expect(read(file)).toContain(recipe(language, 'token-client'));
  });
});
