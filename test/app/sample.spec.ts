import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROJECT } from '../support/build.js';
import {
  optionalPeers,
  pack,
  readManifest,
} from '../support/packed-package.js';
import { SampleApp } from '../support/sample-app.js';

const OWN = readManifest(PROJECT);

const SAMPLES = [
  {
    name: 'minimal-app',
    // The types of all packages are checked, once.
    flags: ['--skipLibCheck', 'false'],
    does: 'calls WeChat with a token that is there when it is needed',
    path: '/followers?after=o1',
    answer: { errcode: 0, path: '/cgi-bin/user/get' },
  },
  {
    name: 'own-source',
    flags: [],
    does: 'calls Feishu with a token of its own kind',
    path: '/bot',
    answer: { code: 0, bot: { app_name: 'A bot' } },
  },
];

let folder: string;
let tarball: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wechat-token-pack-'));
  ({ tarball } = await pack(folder));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe.each(SAMPLES)(
  'samples/$name',
  ({ name, flags, does, path, answer }) => {
    let sample: SampleApp;
    beforeAll(async () => {
      sample = await SampleApp.build(name, tarball, flags);
    });
    afterAll(() => sample[Symbol.dispose]());

    it('names every peer that the package needs, and a driver, in its range', () => {
      const { dependencies = {} } = sample.manifest;
      const optional = optionalPeers(OWN);
      for (const [peer, range] of Object.entries(OWN.peerDependencies ?? {})) {
        if (optional.includes(peer) && !(peer in dependencies)) continue;
        const majors = range.match(/\^\d+/g);
        const [major] = dependencies[peer]?.match(/^\^\d+/) ?? [];
        expect(majors, peer).toContain(major);
      }
      expect(Object.keys(dependencies)).toContain('libsql');
    });

    it('is built against the packed types', () => {
      expect(sample.compiled).toBe('');
    });

    it(does, async () => {
      await using app = sample.offline();
      const url = await app.listening;
      const response = await fetch(`${url}${path}`);
      expect(response.status).toBe(200);
      expect(await response.json()).toMatchObject(answer);
      expect(app.logs()).toContain('token refreshed');
      expect(app.stderr()).toBe('');
      // Nest ends a process by its own signal again, unless it is made to exit.
      expect(await app.stop()).toEqual({ code: null, signal: 'SIGTERM' });
    });
  },
);
