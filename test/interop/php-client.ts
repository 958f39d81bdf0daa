import { execFile, execFileSync } from 'node:child_process';
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
  const script = [
    `require '${join(import.meta.dirname, 'php/easywechat.php')}';`,
    recipe('php', 'managed-tokens'),
    recipe('php', 'easywechat').replace(
      "getenv('TOKEN_KEY')",
      "$&, getenv('TOKEN_NAME')",
    ),
    "if ($menu['errcode'] ?? 0) exit(\"errcode {$menu['errcode']}\");",
  ].join('\n');
  return {
    call: async () => {
      const { stdout } = await promisify(execFile)(php, ['-r', script], {
        env: {
          TOKEN_SERVER: server,
          TOKEN_KEY: key,
          TOKEN_NAME: name,
          WECHAT_API_BASE_URL: wechatUrl,
        },
      });
      if (stdout !== '') throw new Error(stdout);
    },
  };
};
