import { execFile, execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PROJECT } from '../support/build.js';
import { recipe } from './recipe.js';
import type { SetUp } from './sdk-clients.js';

/** The path of a PHP, which is installed if there is none. */
export const findPhp = (): string =>
  execFileSync(join(PROJECT, 'scripts/php.sh'), {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  }).trim();

/** The recipe for EasyWeChat on a model of that: a process for each call, as PHP-FPM has an object for each request. */
export const easyWechat: SetUp = async (
  { server, key, name = 'access_token' },
  wechatUrl,
) => {
  const php = findPhp();
  const temporary = mkdtempSync(join(tmpdir(), 'wechat-token-easywechat-'));
  const folder = join(temporary, 'token');
  /** As if the token had been kept for long enough to be asked for again. */
  const age = () => {
    for (const name of existsSync(folder) ? readdirSync(folder) : []) {
      const file = join(folder, name);
      const kept = JSON.parse(readFileSync(file, 'utf8')) as object;
      writeFileSync(file, JSON.stringify({ ...kept, askAgain: 0 }));
    }
  };
  const script = [
    `require '${join(import.meta.dirname, 'php/easywechat.php')}';`,
    recipe('php', 'managed-tokens'),
    recipe('php', 'easywechat')
      .replace(
        "'TokenClient.php'",
        `'${join(PROJECT, 'samples/php-client/TokenClient.php')}'`,
      )
      .replace(
        /folder: '[^']+'/,
        "folder: getenv('TOKEN_FOLDER'), name: getenv('TOKEN_NAME'), timeout: 120",
      ),
    "if ($menu['errcode'] ?? 0) exit(\"errcode {$menu['errcode']}\");",
  ].join('\n');
  return {
    call: async () => {
      age();
      const { stdout } = await promisify(execFile)(php, ['-r', script], {
        env: {
          TOKEN_SERVER: server,
          TOKEN_KEY: key,
          TOKEN_NAME: name,
          TOKEN_FOLDER: folder,
          WECHAT_API_BASE_URL: wechatUrl,
        },
      });
      if (stdout !== '') throw new Error(stdout);
    },
    [Symbol.asyncDispose]: async () => rmSync(temporary, { recursive: true }),
  };
};
