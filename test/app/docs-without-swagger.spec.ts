import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_FAKE_ACCOUNT } from '../../src/testing/index.js';
import { PROJECT } from '../support/build.js';
import { linkAllBut } from '../support/packed-package.js';
import { runApp } from '../support/run-app.js';

/** What comes with `npm install --no-save libsql`. */
const SQLITE = /^(libsql|@libsql\/.+|@neon-rs\/load)$/;

/** What `npm ci --omit=dev` leaves out, of which the lock file says so, but for the driver. */
function developmentOnly(): string[] {
  const { packages } = JSON.parse(
    readFileSync(join(PROJECT, 'package-lock.json'), 'utf8'),
  ) as { packages: Record<string, { dev?: boolean }> };
  return Object.entries(packages)
    .filter(([, { dev }]) => dev)
    .map(([path]) => path.replace(/^node_modules\//, ''))
    .filter((name) => !SQLITE.test(name));
}

describe('the app after npm ci --omit=dev, with a driver', () => {
  it('starts, serves the document of the API, and says at /docs what to install', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'wechat-token-production-'));
    try {
      for (const part of ['dist', 'package.json'])
        cpSync(join(PROJECT, part), join(folder, part), { recursive: true });
      linkAllBut(developmentOnly(), folder);
      const { appId } = DEFAULT_FAKE_ACCOUNT;
      const env = { WECHAT_APP_ID: appId, WECHAT_ROLE: 'reader' };
      await using app = await runApp(env, {
        cwd: folder,
        script: join(folder, 'dist/main.js'),
        nodeOptions: ['--preserve-symlinks', '--preserve-symlinks-main'],
      });

      const json = await fetch(`${app.url}/docs-json`);
      expect(json.status).toBe(200);
      expect(await json.json()).toHaveProperty(['paths', '/cgi-bin/token']);
      for (let time = 0; time < 2; time++) {
        const page = await fetch(`${app.url}/docs`);
        expect(page.status).toBe(501);
        expect(page.headers.get('content-type')).toMatch(
          /^application\/problem\+json/,
        );
        expect(await page.json()).toEqual({
          type: 'about:blank',
          title: 'Not Implemented',
          status: 501,
          detail:
            'This page needs @nestjs/swagger, a development dependency, which is not installed. Install it with npm ci, without --omit=dev. The document itself is at /docs-json.',
        });
      }
      expect(app.stderr()).toBe('');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
