import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  API_KEY,
  AppSandbox,
  apiKeys,
  tokenAnswer,
} from '../support/app-sandbox.js';
import { PROJECT } from '../support/build.js';

const RULES = 'deploy/prometheus/rules.yaml';
const read = (file: string) => readFileSync(join(PROJECT, file), 'utf8');
const URL =
  'https://github.com/nestjs-wechat-token/nestjs-wechat-token/blob/main/';

let promtool: string;
beforeAll(() => {
  promtool = execFileSync(join(PROJECT, 'scripts/promtool.sh'), {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  }).trim();
});

/** Its output, or an error with it. */
function run(args: readonly string[], input = ''): string {
  const { status, stdout, stderr } = spawnSync(promtool, args, {
    cwd: PROJECT,
    encoding: 'utf8',
    input,
  });
  expect(status, `${stdout}${stderr}`).toBe(0);
  return `${stdout}${stderr}`;
}

/** Names of metrics in expressions, without what histograms add. */
const namesIn = (text: string) =>
  new Set(
    [...text.matchAll(/\bwechat_token_\w+/g)].map(([name]) =>
      name.replace(/_(?:bucket|sum|count)$/, ''),
    ),
  );

describe('the rules for Prometheus', () => {
  it('are valid, and each alert fires once on its cause and never in a normal rotation', () => {
    expect(run(['check', 'rules', RULES])).toContain('SUCCESS');
    run(['test', 'rules', 'deploy/prometheus/rules.test.yaml']);
    const tests = read('deploy/prometheus/rules.test.yaml');
    const alerts = [...read(RULES).matchAll(/- alert: (\w+)/g)];
    expect(alerts.length).toBeGreaterThan(8);
    const normal = tests.split(' fires\n')[0] ?? '';
    for (const [, alert] of alerts) {
      expect(tests).toContain(`- name: ${alert} fires\n`);
      expect(normal).toContain(`- alertname: ${alert}\n`);
    }
  });

  it('lead each alert to its remedy in docs/operating.md', () => {
    const page = read('docs/operating.md');
    const alerts = [
      ...read(RULES).matchAll(/- alert: (\w+)[^]*?runbook_url: (\S+)/g),
    ];
    expect(alerts.length).toBeGreaterThan(8);
    for (const [, alert = '', url] of alerts) {
      expect(url).toBe(`${URL}docs/operating.md#${alert.toLowerCase()}`);
      expect(page).toContain(`\n### ${alert}\n`);
    }
  });
});

describe('/metrics of the running app', () => {
  it('is valid, and has every metric of the rules and the dashboard', async () => {
    await using sandbox = await AppSandbox.create();
    const app = await sandbox.run();
    await tokenAnswer(app.url);
    const response = await fetch(`${app.url}/metrics`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^text\/plain/);
    const text = await response.text();

    expect(run(['check', 'metrics'], text)).toBe('');
    const types = new Set(
      [...text.matchAll(/^# TYPE (\w+) /gm)].map(([, name]) => name),
    );
    const dashboard = read('deploy/grafana/dashboard.json');
    expect(namesIn(dashboard).size).toBeGreaterThan(10);
    for (const name of [...namesIn(read(RULES)), ...namesIn(dashboard)])
      expect(types).toContain(name);
    expect(text).toContain(
      'wechat_token_reads_total{route="GET /cgi-bin/token"} 1',
    );
    for (const token of sandbox.wechat.issuedTokens)
      expect(text).not.toContain(token);
  });

  it('asks for a key that sees all accounts with METRICS=key, and is not there with METRICS=off', async () => {
    await using sandbox = await AppSandbox.create();
    const shop = 'shop-key-0123456789abcdefghijklmnop';
    const scopes = ['tokens:read'];
    const API_KEYS = apiKeys(
      { id: 'prometheus', key: API_KEY, scopes },
      { id: 'shop', key: shop, scopes, accounts: ['shop'] },
    );
    const closed = await sandbox.run({ METRICS: 'key', API_KEYS });
    const status = async (url: string, key?: string) => {
      const headers = new Headers();
      if (key) headers.set('authorization', `Bearer ${key}`);
      return (await fetch(`${url}/metrics`, { headers })).status;
    };
    expect(await status(closed.url)).toBe(401);
    expect(await status(closed.url, shop)).toBe(403);
    expect(await status(closed.url, API_KEY)).toBe(200);
    await closed.stop();
    const off = await sandbox.run({ METRICS: 'off' });
    expect(await status(off.url)).toBe(404);
  });
});
