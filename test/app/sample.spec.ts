import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT } from '../support/build.js';
import { optionalPeers, readManifest } from '../support/packed-package.js';
import { read } from '../support/pages.js';
import {
  type Packages,
  type Sample,
  SampleRepository,
} from '../support/sample-app.js';

const OWN = readManifest(PROJECT);
/** npm installs hundreds of packages, on a busy machine. */
const LIMIT_MS = 900_000;

const LARGER = [
  { data: { errcode: 0, path: '/cgi-bin/menu/get' } },
  { data: { id: 1, openId: 'o1', item: 'tea', ordinal: 1 } },
  { message: ['property colour should not exist'], statusCode: 400 },
  { message: 'Sign in first.', statusCode: 401 },
  { items: [{ name: 'access_token', status: 'valid' }], next: null },
  { status: 403, title: 'Forbidden' },
  { outcome: 'unchanged', name: 'access_token' },
  { status: expect.any(String), tokens: { total: 1, missing: 0 } },
];

/** Of each sample that listens, its page, and the answers to the page's requests in their order. */
const SERVERS: readonly {
  readonly page: string;
  readonly packages: Packages;
  readonly answers: readonly object[];
}[] = [
  {
    page: 'samples/minimal-app/README.md',
    packages: 'here',
    answers: [{ errcode: 0, path: '/cgi-bin/user/get' }],
  },
  {
    page: 'samples/own-source/README.md',
    packages: 'here',
    answers: [{ code: 0, bot: { app_name: 'A bot' } }],
  },
  { page: 'samples/larger-app/README.md', packages: 'npm', answers: LARGER },
  {
    page: 'samples/larger-app-commonjs/README.md',
    packages: 'npm',
    answers: LARGER,
  },
];

const TESTED: readonly {
  readonly page: string;
  readonly packages: Packages;
}[] = [
  { page: 'samples/tested-offline/README.md', packages: 'here' },
  { page: 'samples/tested-offline-jest/README.md', packages: 'npm' },
];

/** With Nest 12 as ES modules, and with Nest 11 as CommonJS. */
const TWINS = [
  ['larger-app', 'larger-app-commonjs'],
  ['tested-offline', 'tested-offline-jest'],
] as const;

let repository: SampleRepository;
beforeAll(async () => {
  repository = await SampleRepository.create();
});
afterAll(() => repository[Symbol.dispose]());

/** Every peer that the package needs, in its range, and a driver. */
function expectPeersNamed({ manifest: { dependencies = {} } }: Sample): void {
  const optional = optionalPeers(OWN);
  for (const [peer, range] of Object.entries(OWN.peerDependencies ?? {})) {
    if (optional.includes(peer) && !(peer in dependencies)) continue;
    const majors = range.match(/\^\d+/g);
    const [major] = dependencies[peer]?.match(/^\^\d+/) ?? [];
    expect(majors, peer).toContain(major);
  }
  expect(Object.keys(dependencies)).toContain('libsql');
}

describe.each(SERVERS)('$page', ({ page, packages, answers }) => {
  it(
    'is built and answers by its commands',
    async () => {
      const sample = await repository.sample(page, packages);
      expectPeersNamed(sample);
      await using app = sample.start();
      const url = await app.listening;
      expect(await sample.ask(url)).toMatchObject(answers);
      await vi.waitFor(() => expect(app.logs()).toContain('token refreshed'));
      expect(app.stderr()).toBe('');
    },
    LIMIT_MS,
  );
});

describe.each(TESTED)('$page', ({ page, packages }) => {
  it(
    'passes its tests by its commands',
    async () => {
      const sample = await repository.sample(page, packages);
      expectPeersNamed(sample);
      await using tests = sample.start();
      const { code } = await tests.exit;
      const printed = tests.logs() + tests.stderr();
      expect(printed).toMatch(/^ *Tests:? +5 passed/m);
      expect(code).toBe(0);
    },
    LIMIT_MS,
  );
});

it('the packed types, and those of all packages beside them, have no faults', async () => {
  const sample = await repository.sample(
    'samples/minimal-app/README.md',
    'here',
  );
  expect(await sample.typeFaults()).toBe('');
});

it.each(TWINS)('%s and %s differ in the ends of imports only', (one, other) => {
  const sources = (name: string) => {
    const src = join('samples', name, 'src');
    return readdirSync(join(PROJECT, src)).map((file) => [
      file,
      read(join(src, file)).replaceAll(/'(\.\/[\w.-]+)\.js'/g, "'$1'"),
    ]);
  };
  expect(sources(other)).toEqual(sources(one));
});
