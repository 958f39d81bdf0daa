import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { print } from './print.mjs';

// Debian has the servers in a folder that is not on every user's PATH.
const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` };
/** Both refuse to run as root unless they are told to. */
const asRoot = process.getuid() === 0 ? ['--user=root'] : [];
const ATTEMPTS = 3;

/** MariaDB or MySQL, whichever is installed, on a free port, with its data in a temporary folder. */
export async function startDatabase() {
  const program = ['mariadbd', 'mysqld'].find(isInstalled);
  if (!program)
    throw new Error(
      'This machine has neither mariadbd nor mysqld. Install one of them, or set DATABASE_URL, such as mysql://user:password@host:3306/database.',
    );
  const folder = mkdtempSync(join(tmpdir(), 'central-server-'));
  const data = [
    `--datadir=${join(folder, 'data')}`,
    `--tmpdir=${folder}`,
    // Debian's default for MySQL is a folder that only its package with the service makes.
    `--secure-file-priv=${folder}`,
  ];
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);

  if (program === 'mariadbd')
    run('mariadb-install-db', [...data, '--skip-test-db']);
  else run(program, [...data, '--initialize-insecure']);
  const password = randomBytes(16).toString('hex');
  const init = join(folder, 'init.sql');
  writeFileSync(
    init,
    `CREATE DATABASE IF NOT EXISTS wechat_token;
CREATE USER IF NOT EXISTS app@localhost IDENTIFIED BY '${password}';
GRANT ALL ON wechat_token.* TO app@localhost;
`,
    { mode: 0o600 },
  );

  // Between its choice and its use, another program may take the port.
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const port = await freePort();
    const server = spawn(
      program,
      [
        '--no-defaults',
        ...asRoot,
        ...data,
        `--init-file=${init}`,
        '--bind-address=127.0.0.1',
        `--port=${port}`,
        '--socket=mysqld.sock',
        '--loose-mysqlx=OFF',
      ],
      { env, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    const ended = once(server, 'exit');
    const log = [];
    const isReady = new Promise((resolve) => {
      createInterface(server.stderr).on('line', (line) => {
        log.push(line);
        if (line.includes(': ready for connections')) resolve(true);
      });
    });
    if (await Promise.race([isReady, ended.then(() => false)])) {
      print(`database: ${program}, its data in ${folder} until it is stopped`);
      return {
        url: `mysql://app:${password}@127.0.0.1:${port}/wechat_token`,
        async stop() {
          server.kill('SIGTERM');
          await ended;
        },
      };
    }
    if (attempt === ATTEMPTS)
      throw new Error(`${program} has not started:\n${log.join('\n')}`);
  }
}

function isInstalled(program) {
  try {
    execFileSync(program, ['--version'], { env, stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function run(program, args) {
  try {
    execFileSync(program, ['--no-defaults', ...asRoot, ...args], {
      env,
      stdio: 'pipe',
    });
  } catch (error) {
    throw new Error(`${program} has failed:\n${error.stderr}`);
  }
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}
