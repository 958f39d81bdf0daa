import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DEFAULT_FAKE_ACCOUNT,
  FakeWechat,
} from '../../../dist/testing/index.mjs';
import { takeFaults } from './faults.mjs';
import { print } from './print.mjs';

/** The same servers with FakeWechat, a model of WeChat, in this process; they need neither a network nor an account. */
const wechat = await FakeWechat.start();
wechat.onIssue(({ fingerprint }) =>
  print(`>> WeChat issued token ${fingerprint}, number ${wechat.issued()}`),
);

const newKey = () => randomBytes(32).toString('hex');
const clients = newKey();
const ops = newKey();
const folder = mkdtempSync(join(tmpdir(), 'central-server-keys-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const keys = join(folder, 'api-keys.json');
const secretFile = join(folder, 'app-secret');
writeFileSync(secretFile, DEFAULT_FAKE_ACCOUNT.appSecret, { mode: 0o600 });
const scopes = ['tokens:read', 'tokens:refresh', 'tokens:issue'];
writeFileSync(
  keys,
  JSON.stringify([
    { id: 'clients', key: clients, scopes: ['tokens:issue'] },
    { id: 'ops', key: ops, scopes },
  ]),
  { mode: 0o600 },
);

Object.assign(process.env, {
  WECHAT_API_BASE_URL: wechat.baseUrl,
  WECHAT_APP_ID: DEFAULT_FAKE_ACCOUNT.appId,
  WECHAT_APP_SECRET_FILE: secretFile,
  // Of this shell, perhaps, for the server with an account of its own.
  WECHAT_APP_SECRET: '',
  API_KEYS: '',
  API_KEYS_FILE: keys,
});
const { url, databaseUrl, restart } = await import('./main.mjs');
print(`
For clients, in another terminal:

  export TOKEN_SERVER=${url} TOKEN_KEY=${clients} WECHAT_API_BASE_URL=${wechat.baseUrl}

For the commands of docs/operating.md:

  export SERVER=${url} KEY=${ops}

For node ../../dist/main.js --check, and with PORT=3001 for a replica of your own:

  export DATABASE_URL=${databaseUrl} API_KEYS_FILE=${keys} \\
    WECHAT_APP_ID=${DEFAULT_FAKE_ACCOUNT.appId} WECHAT_APP_SECRET_FILE=${secretFile} WECHAT_API_BASE_URL=${wechat.baseUrl}

The console, in which you sign in with the KEY of that line: ${url}/admin/wechat-tokens/console
The API keys, read again when they change: ${keys}
`);
takeFaults(wechat, secretFile, restart);
