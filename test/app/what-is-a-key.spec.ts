import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadSettings } from '../../src/config/settings.js';
import { isConfigurationError } from '../../src/wechat-token/index.js';
import { PROJECT } from '../support/build.js';
import { apiKeys, AppSandbox, tokenAnswer } from '../support/app-sandbox.js';

const MARK = 'SeCrEt';
const GOOD = `${MARK}-0123456789abcdef0123456789`;
const APP_SECRET = `${MARK}0123456789abcdef0123456789`;
const sha256 = (key: string) =>
  `sha256:${createHash('sha256').update(key).digest('hex')}`;

function problemsWith(...keys: readonly { id: string; key: string }[]) {
  try {
    loadSettings({
      WECHAT_APP_ID: 'wx_one',
      WECHAT_APP_SECRET: APP_SECRET,
      API_KEYS: apiKeys(...keys),
    });
    return [];
  } catch (error) {
    if (!isConfigurationError(error)) throw error;
    expect(error.message).not.toContain(MARK);
    return error.faults.map(({ field, problem }) => `${field} ${problem}`);
  }
}

describe('a key', () => {
  it.each([
    GOOD,
    '0123456789'.repeat(4),
    '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~ab',
    sha256(GOOD),
    sha256(GOOD).toUpperCase().replace('SHA256', 'sha256'),
  ])('may be %j', (key) => {
    expect(problemsWith({ id: 'billing', key })).toEqual([]);
  });

  it.each([
    ['is short', GOOD.slice(0, 31)],
    ['has a blank', `${GOOD} ${GOOD}`],
    ['has a control character', `${GOOD}\u0007`],
    ['is not ASCII', `${GOOD}é`],
    ['has nine different characters', '012345678'.repeat(9)],
    ['is a hash that is cut', sha256(GOOD).slice(0, -1)],
    ['is a documented example', 'a-key-of-your-own-0123'],
    ['is the hash of a documented example', sha256('demo-key-0123456789')],
    ['is an AppSecret', APP_SECRET],
    ['is the hash of an AppSecret', sha256(APP_SECRET)],
  ])(
    'that %s is a fault that names the id, and the command for a good one',
    (_, key) => {
      expect(
        problemsWith({ id: 'shop', key: GOOD }, { id: 'billing', key }),
      ).toEqual([
        expect.stringMatching(
          /^API_KEYS\[1\]\.key of "billing" .*openssl rand -hex 32/,
        ),
      ]);
    },
  );

  it.each([GOOD, sha256(GOOD)])('under two ids is a fault: %s', (key) => {
    expect(
      problemsWith({ id: 'shop', key: GOOD }, { id: 'billing', key }),
    ).toEqual([
      expect.stringMatching(
        /^API_KEYS\[1\]\.key of "billing" is the key of "shop" as well.*openssl rand -hex 32/,
      ),
    ]);
  });

  it('has an id of its own', () => {
    expect(
      problemsWith({ id: 'shop', key: GOOD }, { id: 'shop', key: `${GOOD}-2` }),
    ).toEqual([
      expect.stringMatching(
        /^API_KEYS\[1\]\.id "shop" is the id of another key.*openssl rand -hex 32/,
      ),
    ]);
  });

  it.each([
    'README.md',
    'README.zh-CN.md',
    'docs/token-server.md',
    'docs/token-server.zh-CN.md',
    'docs/interop.md',
    'docs/security.md',
    'src/openapi/wechat-shaped.paths.ts',
  ])('that %s shows is refused: anybody may try it', (page) => {
    const text = readFileSync(join(PROJECT, page), 'utf8');
    const shown = text.matchAll(
      /(?:"key":|Bearer |secret=|secret: |example: )["']?([\w.+/:-]{8,})/g,
    );
    for (const [, key = ''] of shown)
      expect(problemsWith({ id: 'billing', key }), key).toHaveLength(1);
  });
});

it('a key whose hash is in the settings lets in who has the key, and nobody with the hash', async () => {
  await using sandbox = await AppSandbox.create();
  const { url } = await sandbox.run({
    API_KEYS: apiKeys({ id: 'billing', key: sha256(GOOD) }),
  });
  expect(await tokenAnswer(url, { secret: GOOD })).toHaveProperty(
    'access_token',
  );
  for (const secret of [sha256(GOOD), sha256(GOOD).slice(7)])
    expect(await tokenAnswer(url, { secret })).toMatchObject({
      errcode: 40125,
    });
});

describe('HOST', () => {
  const WARNING =
    /"message":"listening in clear text","detail":"HOST: listening on 0\.0\.0\.0, .* clear text unless a proxy in front ends TLS/g;

  it('that other machines reach is logged once, with what that means', async () => {
    await using sandbox = await AppSandbox.create();
    const app = await sandbox.run({ HOST: '0.0.0.0' });
    await tokenAnswer(app.url);
    expect(app.logs().match(WARNING)).toHaveLength(1);
  });

  it.each(['127.0.0.1', 'localhost'])('that is %s is not', async (HOST) => {
    await using sandbox = await AppSandbox.create();
    const app = await sandbox.run({ HOST });
    expect(app.logs()).not.toContain('HOST:');
  });
});
