// Runs an image that is mounted at ROOT as its configuration says, the way deploy/ runs it: as the image's user, with a read-only
// root, no capability, no new privileges and the system calls of the systemd unit alone, on this machine's network. Says what it saw; exit code 1 at the first thing that is not
// as it should be. Usage, from scripts/try-image.sh: node scripts/try-image.mjs ROOT CONFIG WORK
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

const [root, configFile, work] = process.argv.slice(2);
const config = JSON.parse(readFileSync(configFile, 'utf8'));
const name = `wechat-token-${process.pid}`;
const API_KEY = 'try-image-key-0123456789abcdefghijklmnop';
const START_ATTEMPTS = 240;

const say = (text) => process.stdout.write(`try-image: ${text}\n`);
const runc = (...args) => ['--root', join(work, 'runc'), ...args];

/** Runs a command inside the container, as its user. */
function inside(...command) {
  const { status, stdout, stderr } = spawnSync(
    'runc',
    runc('exec', name, ...command),
    { encoding: 'utf8' },
  );
  return { status, output: stdout + stderr };
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** A folder that belongs to the image's user, with these files. */
function folder(path, files = {}) {
  const at = join(work, path);
  mkdirSync(at);
  for (const [file, text] of Object.entries(files))
    writeFileSync(join(at, file), text, { mode: 0o444 });
  chownSync(at, uid, gid);
  return at;
}

/** The names of one of systemd's sets of system calls. */
function systemCalls(set) {
  const { stdout } = spawnSync('systemd-analyze', ['syscall-filter', set], {
    encoding: 'utf8',
  });
  return stdout
    .split('\n')
    .map((line) => /^ +([@\w-]+)$/.exec(line)?.[1])
    .filter((name) => name !== undefined)
    .flatMap((name) => (name.startsWith('@') ? systemCalls(name) : [name]));
}

/** The unit's filter, as runc takes it. */
function systemCallFilter() {
  const unit = readFileSync(
    join(import.meta.dirname, '../deploy/systemd/nestjs-wechat-token.service'),
    'utf8',
  );
  const sets = [...unit.matchAll(/^SystemCallFilter=(~?)(\S+)$/gm)];
  const callsOf = (sign) =>
    sets
      .filter(([, of]) => of === sign)
      .flatMap(([, , set]) => systemCalls(set));
  const denied = new Set(callsOf('~'));
  const names = callsOf('').filter((name) => !denied.has(name));
  assert.ok(denied.size > 0 && names.length > 100, 'the unit has no filter');
  return {
    defaultAction: 'SCMP_ACT_ERRNO',
    syscalls: [{ names, action: 'SCMP_ACT_ALLOW' }],
  };
}

const [uid, gid] = config.User.split(':').map(Number);
assert.ok(uid > 0 && gid > 0, `the image's user is ${config.User}`);
const testing = join(root, 'app/dist/testing/index.mjs');
const { DEFAULT_FAKE_ACCOUNT, FakeWechat } = await import(
  pathToFileURL(testing).href
);
const wechat = await FakeWechat.start();
const port = await freePort();
const url = `http://127.0.0.1:${port}`;

const key = { id: 'try', key: API_KEY, scopes: ['tokens:issue'] };
const secrets = folder('secrets', {
  api_keys: JSON.stringify([key]),
  wechat_app_secret: DEFAULT_FAKE_ACCOUNT.appSecret,
});
const data = folder('data');
const bind = (source, destination, ...options) => ({
  type: 'bind',
  source,
  destination,
  options: ['bind', 'nosuid', 'nodev', 'noexec', ...options],
});
mkdirSync(join(work, 'bundle'));
writeFileSync(
  join(work, 'bundle/config.json'),
  JSON.stringify({
    ociVersion: '1.0.2',
    root: { path: root, readonly: true },
    process: {
      user: { uid, gid },
      args: [...(config.Entrypoint ?? []), ...config.Cmd],
      cwd: config.WorkingDir,
      env: [
        ...config.Env.filter((variable) => !variable.startsWith('PORT=')),
        `PORT=${port}`,
        `WECHAT_API_BASE_URL=${wechat.baseUrl}`,
        `WECHAT_APP_ID=${DEFAULT_FAKE_ACCOUNT.appId}`,
        'WECHAT_APP_SECRET_FILE=/run/secrets/wechat_app_secret',
        'API_KEYS_FILE=/run/secrets/api_keys',
      ],
      noNewPrivileges: true,
      capabilities: {},
    },
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc' },
      { destination: '/dev', type: 'tmpfs', source: 'tmpfs' },
      { destination: '/run', type: 'tmpfs', source: 'tmpfs' },
      bind(secrets, '/run/secrets', 'ro'),
      bind(data, '/app/data', 'rw'),
    ],
    // Not the network: FakeWechat listens on this machine's loopback.
    linux: {
      namespaces: ['pid', 'mount', 'ipc', 'uts'].map((type) => ({ type })),
      seccomp: systemCallFilter(),
    },
  }),
);

const container = spawn(
  'runc',
  runc('run', '--bundle', join(work, 'bundle'), name),
  { stdio: ['ignore', 'pipe', 'pipe'] },
);
const exited = once(container, 'close');
let log = '';
for (const stream of [container.stdout, container.stderr])
  stream.setEncoding('utf8').on('data', (text) => (log += text));

try {
  for (let attempt = 0; !log.includes('listens on'); attempt++) {
    assert.equal(container.exitCode, null, 'the container has ended');
    assert.ok(attempt < START_ATTEMPTS, 'it does not listen');
    await wait(500);
  }

  const status = inside('cat', '/proc/1/status').output;
  const field = (title) =>
    new RegExp(`^${title}:\\s+(.*)$`, 'm').exec(status)?.[1];
  assert.match(field('Uid') ?? '', new RegExp(`^${uid}(\\s+${uid}){3}$`));
  for (const set of ['CapPrm', 'CapEff', 'CapBnd'])
    assert.match(field(set) ?? '', /^0+$/, set);
  assert.equal(field('NoNewPrivs'), '1');
  assert.equal(field('Name'), 'node');
  assert.equal(field('Seccomp'), '2');
  say(
    `process 1 is node, user ${uid}, no capability, no new privileges, the system calls of the unit`,
  );

  for (const path of ['/x', '/app/x', '/app/dist/main.js', '/tmp/x'])
    assert.notEqual(inside('touch', path).status, 0, `${path} is writable`);
  say('its root is read-only');

  const drivers = "['libsql', 'mysql2', 'pg'].forEach(require)";
  const loaded = inside('node', '-e', `${drivers}`);
  assert.equal(loaded.status, 0, loaded.output);
  say('the drivers load: libsql, mysql2, pg');

  const [kind, ...check] = config.Healthcheck.Test;
  assert.equal(kind, 'CMD');
  const healthy = inside(...check);
  assert.equal(healthy.status, 0, healthy.output);
  say('its HEALTHCHECK passes');

  const credentials = new URLSearchParams({
    grant_type: 'client_credential',
    appid: DEFAULT_FAKE_ACCOUNT.appId,
    secret: API_KEY,
  });
  const response = await fetch(`${url}/cgi-bin/token?${credentials}`);
  const { access_token: token } = await response.json();
  assert.ok(token && wechat.accepts(token), `it answered ${response.status}`);
  say('it serves a token that FakeWechat accepts');

  spawnSync('runc', runc('kill', name, 'SIGTERM'));
  await exited;
  assert.equal(container.exitCode, 0, `it ended with ${container.exitCode}`);
  say('SIGTERM ends it, with exit code 0');
} catch (error) {
  process.stderr.write(`${log}\n`);
  throw error;
} finally {
  if (container.exitCode === null)
    spawnSync('runc', runc('delete', '--force', name));
  await exited;
  await wechat.stop();
}
