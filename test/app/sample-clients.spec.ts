import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
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
import { FakeWechat } from '../../src/testing/index.js';
import { recipe } from '../interop/recipe.js';
import { API_KEY, AppSandbox } from '../support/app-sandbox.js';
import { PROJECT } from '../support/build.js';
import { createDatabase, databaseServers } from '../support/databases.js';
import { findProgram } from '../support/find-program.js';
import { blocks, read } from '../support/pages.js';
import { type SpawnedApp, spawnApp } from '../support/run-app.js';
import { PYTHON } from '../support/tools.js';

const CENTRAL_SERVER = 'samples/central-server/README.md';
const INTEROP = 'docs/interop.md';
const WRONG_KEY = 'wrong-key-0123456789abcdefghijklmnop';
const PATIENCE_MS = 120_000;
/** A busy machine is to fail no read. */
const PATIENT = {
  HEADERS_TIMEOUT_MS: '120000',
  REQUEST_TIMEOUT_MS: '120000',
  WECHAT_REQUEST_TIMEOUT_MS: '60000',
  WECHAT_LEASE_SECONDS: '300',
};
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
  const php = execFileSync(join(PROJECT, 'scripts/php.sh'), {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  symlinkSync(php.trim(), join(bin, 'php'));
  path = `${bin}:${process.env['PATH']}`;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Environment = Readonly<Record<string, string>>;

/** Commands of a page, in the page's folder. */
async function run(page: string, commands: string, env: Environment) {
  const child = spawn('bash', ['-c', commands], {
    cwd: join(PROJECT, dirname(page)),
    env: { PATH: path, PYTHONDONTWRITEBYTECODE: '1', ...env },
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

/** A program that goes on calling WeChat; between two calls, more time passes than it keeps a token without asking. */
interface Program extends AsyncDisposable {
  /** What is printed by a call. */
  call(): Promise<string>;
  /** Its token's life is over. */
  expire(): void;
}

/** One process. */
function pythonProgram(page: string, env: Environment): Program {
  const script = `
import os, sys, token_client
token_client.KEEP_SECONDS = 0
client = token_client.TokenClient(os.environ["TOKEN_SERVER"], os.environ["TOKEN_KEY"], wechat=os.environ["WECHAT_API_BASE_URL"])
for line in sys.stdin:
    if line == "expire\\n":
        client._ends = 0
        continue
    try:
        print(client.call("/cgi-bin/get_api_domain_ip"), flush=True)
    except token_client.CallError as error:
        print(error, flush=True)
`;
  const python = spawn(PYTHON, ['-c', script], {
    cwd: join(PROJECT, dirname(page)),
    env: { PYTHONDONTWRITEBYTECODE: '1', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const printed = createInterface(python.stdout)[Symbol.asyncIterator]();
  return {
    async call() {
      python.stdin.write('call\n');
      const { value = '' } = await printed.next();
      return value;
    },
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
    async call() {
      change({ askAgain: 0 });
      const { stdout, stderr } = await run(page, 'php example.php', env);
      return stdout + stderr;
    },
    expire: () => change({ ends: 0 }),
    async [Symbol.asyncDispose]() {},
  };
}

const CLIENTS = [
  { language: 'python', program: pythonProgram },
  { language: 'php', program: phpProgram },
];

describe.each(CLIENTS)('samples/$language-client', ({ language, program }) => {
  const page = `samples/${language}-client/README.md`;
  const [example = ''] = blocks(page, 'sh');
  let sandbox: AppSandbox;
  let front: Front;
  let environment: Environment;
  beforeAll(async () => {
    sandbox = await AppSandbox.create();
    const { url } = await sandbox.run();
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

  it('asks whether its token is still current, and uses it on while the server fails, which it leaves alone until Retry-After', async () => {
    await using client = program(page, environment);
    const succeeds = async () =>
      expect(await client.call()).toContain('203.0.113.10');
    await succeeds();
    await succeeds();
    expect(front.seen).toEqual(['GET 200', 'GET 304']);

    front.isFailing = true;
    await succeeds();
    await succeeds();
    client.expire();
    expect(await client.call()).toMatch(
      /^The token server gave no token: 503, on holiday$/m,
    );
    expect(front.seen).toEqual(['GET 200', 'GET 304', 'GET 503']);
  });
});

/** A process of the sample and all that it has started, in a group that gets its signals. */
function central(commands: string, env: Environment): SpawnedApp {
  const cwd = join(PROJECT, dirname(CENTRAL_SERVER));
  const command = ['bash', '-c', commands] as const;
  const settings = { HOME: folder, npm_config_update_notifier: 'false' };
  return spawnApp({ ...settings, ...env }, { command, cwd, inGroup: true });
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
        ...PATIENT,
        WECHAT_API_BASE_URL: wechat.baseUrl,
      });
      const url = await app.listening;
      const printed = (pattern: RegExp) =>
        pattern.exec(app.logs())?.slice(1) ?? [];
      const [key] = printed(/^key: (\w+)$/m);
      const authorization = `Bearer ${key}`;

      /** Of the reads: their tokens, and what they got in place of one. */
      const answers = new Set<string>();
      let count = 0;
      let isOver = false;
      const read = async () => {
        const response = await fetch(`${url}/wechat-tokens/access_token`, {
          headers: { authorization },
        });
        const { value } = (await response.json()) as { value?: string };
        return value ?? `HTTP ${response.status}`;
      };
      const reads = (async () => {
        for (; !isOver; count++) answers.add(await read().catch(String));
      })();
      const more = async () => {
        const enough = count + 20;
        await vi.waitUntil(() => count >= enough, PATIENCE_MS);
      };
      await more();
      const [replica] = printed(/^replica 1: .*process (\d+)$/m);
      process.kill(Number(replica), 'SIGKILL');
      await vi.waitUntil(
        () => app.logs().includes('replica 1 has ended: SIGKILL'),
        PATIENCE_MS,
      );
      await more();
      isOver = true;
      await reads;

      expect([...answers]).toEqual(wechat.issuedTokens);
      expect(wechat.calls.total).toBe(1);
      await app.stop('SIGINT');
      await fresh.drop();
    },
  );

  // Without one, the test above has the server of TEST_DATABASE_URL.
  const own = findProgram(['mariadbd', 'mysqld']) ? ['a database'] : [];
  it.each(own)(
    'starts %s by itself, and clients in three languages cause one call to WeChat',
    async () => {
      const temporary = mkdtempSync(join(folder, 'tmp-'));
      const [build, cd, command = ''] = offline.trimEnd().split('\n');
      expect(build).toMatch(/^npm ci && npm run build /);
      expect(cd).toBe('cd samples/central-server');
      await using app = central(`exec ${command}`, { TMPDIR: temporary });
      await app.listening;
      const settings = await vi.waitUntil(
        () => /^ +(export TOKEN_SERVER=.*)$/m.exec(app.logs())?.[1],
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
      expect(readdirSync(temporary)).toHaveLength(1);
      await app.stop('SIGINT');
      const { pid = 0 } = app;
      await vi.waitFor(() =>
        expect(() => process.kill(-pid, 0)).toThrow('ESRCH'),
      );
      expect(readdirSync(temporary)).toEqual([]);
    },
  );
});

describe(INTEROP, () => {
  it('has commands that work as they are printed', async () => {
    await using sandbox = await AppSandbox.create();
    const { url } = await sandbox.run();
    const [commands = ''] = blocks(INTEROP, 'sh');

    const { code, stdout } = await run(INTEROP, `set -e\n${commands}`, {
      TOKEN_SERVER: url,
      TOKEN_KEY: API_KEY,
    });

    expect(code).toBe(0);
    const [token = ''] = sandbox.wechat.issuedTokens;
    expect(stdout.split(token)).toHaveLength(3);
  });

  it.each([
    ['python', 'samples/python-client/token_client.py'],
    ['php', 'samples/php-client/TokenClient.php'],
  ])('quotes the client in %s', (language, file) => {
    expect(read(file)).toContain(recipe(language, 'token-client'));
  });
});
