import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PROJECT } from '../support/build.js';
import {
  install,
  link,
  optionalPeers,
  pack,
  readManifest,
} from '../support/packed-package.js';
import { spawnApp } from '../support/run-app.js';

const run = promisify(execFile);
const SAMPLE = join(PROJECT, 'samples/minimal-app');
const OWN = readManifest(PROJECT);
const OWN_NAME = OWN.name;

/** Somebody else's NestJS app: on its own, with the packed package and what its package.json names, no more. */
describe('samples/minimal-app', () => {
  let folder: string;
  let compiled: { stdout: string };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'wechat-token-sample-'));
    for (const part of ['package.json', 'tsconfig.json', 'src'])
      cpSync(join(SAMPLE, part), join(folder, part), { recursive: true });
    const { tarball } = await pack(folder);
    await install(tarball, folder);
    const { dependencies, devDependencies } = readManifest(folder);
    const names = Object.keys({ ...dependencies, ...devDependencies });
    link(
      names.filter((name) => name !== OWN_NAME),
      folder,
    );
    const tsc = join(folder, 'node_modules/typescript/bin/tsc');
    compiled = await run(process.execPath, [tsc, '--skipLibCheck', 'false'], {
      cwd: folder,
    }).catch((failed: { stdout: string }) => failed);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('names every peer that the package needs, and a driver, in its range', () => {
    const { dependencies = {} } = readManifest(folder);
    const optional = optionalPeers(OWN);
    for (const [name, range] of Object.entries(OWN.peerDependencies ?? {})) {
      if (optional.includes(name) && !(name in dependencies)) continue;
      const majors = range.match(/\^\d+/g);
      const [major] = dependencies[name]?.match(/^\^\d+/) ?? [];
      expect(majors, name).toContain(major);
    }
    expect(Object.keys(dependencies)).toContain('libsql');
  });

  it('is built against the packed types, all of them checked', () => {
    expect(compiled.stdout).toBe('');
  });

  it('calls WeChat with a token that is there when it is needed', async () => {
    await using app = spawnApp(
      { NO_COLOR: '1' },
      { cwd: folder, script: join(folder, 'dist/offline.js') },
    );
    const url = await app.listening;
    const answer = await fetch(`${url}/followers?after=o1`);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({
      errcode: 0,
      path: '/cgi-bin/user/get',
    });
    expect(app.logs()).toContain('token refreshed');
    expect(app.stderr()).toBe('');
    // Nest ends a process by its own signal again, unless it is made to exit.
    expect(await app.stop()).toEqual({ code: null, signal: 'SIGTERM' });
  });
});
