import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { PROJECT } from '../support/build.js';

const chaos = (...args: string[]) =>
  spawnSync(process.execPath, [join(PROJECT, 'scripts/chaos.mjs'), ...args], {
    encoding: 'utf8',
    timeout: 60_000,
  });

describe('npm run chaos', () => {
  it.each([
    ['--minutes'],
    ['--minutes', 'ten'],
    ['--minutes', '0'],
    ['--minutes', '-3'],
    ['--minutes=1441'],
    ['--minutes='],
  ])('says what --minutes takes: %s %s', (...args) => {
    const { status, stdout, stderr } = chaos(...args);

    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(
      /^npm run chaos: --minutes must be a number .*, such as --minutes 30, not .+\.\n$/,
    );
  });
});
