import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { runnerImport } from 'vite';
import { parse } from 'yaml';
import { PROJECT } from './support/build.js';
import { databaseServers } from './support/databases.js';
import { readManifest } from './support/packed-package.js';
import { blocks, read } from './support/pages.js';

const run = promisify(execFile);
const { version, scripts = {} } = readManifest(PROJECT);

describe('CHANGELOG.md', () => {
  const SECTIONS = [
    'Added',
    'Changed',
    'Deprecated',
    'Removed',
    'Fixed',
    'Security',
  ];
  const MAX_COLUMNS = 170;
  const [, ...versions] = read('CHANGELOG.md').split(/^## /m);
  const titles = versions.map((text) => text.split('\n', 1)[0] ?? '');

  it('has what is not released, and every version with its day and its link, the newest first', () => {
    const [unreleased, ...released] = titles;
    expect(unreleased).toBe('[Unreleased]');
    expect(released[0]).toMatch(new RegExp(`^\\[${version}\\] - `));
    for (const title of released)
      expect(title).toMatch(/^\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d$/);
    expect(released.toSorted().reverse()).toEqual(released);
    for (const title of titles) {
      const [name = ''] = title.split(' - ');
      expect(read('CHANGELOG.md')).toContain(`\n${name}: https://`);
    }
  });

  it.each(versions)(
    'has the sections of Keep a Changelog in their order, and one line for each entry: %.20s',
    (text) => {
      const sections = [...text.matchAll(/^### (.+)$/gm)].map(
        ([, name = '']) => name,
      );
      const kinds = sections.filter((name) => !name.startsWith('Upgrading '));
      expect(kinds).toEqual(SECTIONS.filter((name) => kinds.includes(name)));
      expect(sections.slice(0, -kinds.length).length).toBeLessThanOrEqual(1);
      for (const line of text.split('\n').slice(1))
        expect(line).toMatch(
          /^(?:|### .+|- .+[.:]|\d+\. .+\.|[A-Z][\w ]+:|\[.+\]: https:\/\/\S+)$/,
        );
      for (const line of text.split('\n'))
        expect(line.length, line).toBeLessThanOrEqual(MAX_COLUMNS);
    },
  );

  it('has no link that leads nowhere', () => {
    const links = read('CHANGELOG.md').matchAll(/\]\((?!https:)([^)#]+)/g);
    const files = [...links].map(([, file = '']) => file);
    expect(files.length).toBeGreaterThan(0);
    for (const file of files)
      expect(existsSync(join(PROJECT, file)), file).toBe(true);
  });

  it('names settings that there are', () => {
    const example = read('.env.example');
    const [newest = ''] = versions.slice(1);
    const named = newest.match(
      /\b(?:WECHAT|WECOM|DATABASE|METRICS|AUDIT|LOG_FORMAT|SHUTDOWN|KEEP|HEADERS|REQUEST_T|MAX_C)[A-Z_]*\b/g,
    );
    expect(named?.length).toBeGreaterThan(10);
    for (const name of named ?? []) expect(example).toContain(`\n#${name}=`);
  });
});

describe('a release', () => {
  const notes = (tag: string) =>
    run(process.execPath, [
      join(PROJECT, 'scripts/release-notes.mjs'),
      tag,
    ]).then(
      ({ stdout }) => stdout,
      ({ stderr }: { stderr: string }) => stderr,
    );

  it('has the section of its version as its notes, with links that lead somewhere from there', async () => {
    const text = await notes(`v${version}`);
    expect(text).toMatch(/^### /);
    expect(text).not.toMatch(/^## |^\[.+\]: /m);
    expect(text).not.toMatch(/\]\((?!https:)/);
  });

  it('is refused for another tag than the version of package.json', async () => {
    expect(await notes('v0.0.1')).toContain(
      `package.json has the version ${version}`,
    );
    expect(await notes('')).toMatch(/^release-notes: the tag is/);
  });

  it('is of one version, wherever that stands', () => {
    const lock = JSON.parse(read('package-lock.json')) as {
      version: string;
      packages: Record<string, { version?: string }>;
    };
    expect([lock.version, lock.packages['']?.version]).toEqual([
      version,
      version,
    ]);
    expect(read('deploy/kubernetes/deployment.yaml')).toContain(
      `/nestjs-wechat-token:${version}\n`,
    );
  });

  it('is made by the commands of CONTRIBUTING.md', async () => {
    const [, prepare = '', tag = ''] = blocks('CONTRIBUTING.md', 'sh');
    const [, next = ''] = /npm version (\S+)/.exec(prepare) ?? [];
    const folder = mkdtempSync(join(tmpdir(), 'wechat-token-release-'));
    const clone = join(folder, 'clone');
    const sh = (script: string) =>
      run('bash', ['-e', '-o', 'pipefail', '-c', script], {
        cwd: clone,
        env: {
          ...process.env,
          npm_config_update_notifier: 'false',
          GIT_CONFIG_GLOBAL: join(folder, 'gitconfig'),
          HOME: folder,
        },
      });
    try {
      for (const file of [
        'package.json',
        'package-lock.json',
        'CHANGELOG.md',
        'scripts/release-notes.mjs',
      ]) {
        mkdirSync(join(clone, file, '..'), { recursive: true });
        cpSync(join(PROJECT, file), join(clone, file));
      }
      writeFileSync(
        join(folder, 'gitconfig'),
        '[user]\nname = A Maintainer\nemail = maintainer@example.com\n[init]\ndefaultBranch = main\n',
      );
      await sh(
        'git init --quiet && git init --quiet --bare ../origin.git && git remote add origin ../origin.git',
      );
      await sh(prepare);
      const changelog = read('CHANGELOG.md').replace(
        '## [Unreleased]\n',
        `## [Unreleased]\n\n## [${next}] - 2027-01-31\n\n### Fixed\n\n- What was wrong.\n`,
      );
      writeFileSync(join(clone, 'CHANGELOG.md'), changelog);
      await sh(
        'git add . && git commit --quiet --message release && git push --quiet --set-upstream origin main',
      );

      const { stdout } = await sh(tag);

      expect(stdout).toContain('### Fixed\n\n- What was wrong.\n');
      expect((await sh('git ls-remote --tags origin')).stdout).toContain(
        `refs/tags/v${next}\n`,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('CONTRIBUTING.md', () => {
  const page = read('CONTRIBUTING.md');

  it('its command runs one test', async () => {
    const [command = ''] = blocks('CONTRIBUTING.md', 'sh');
    const urls = databaseServers().map(({ url }) => url);
    const { stdout } = await run('bash', ['-c', command], {
      cwd: PROJECT,
      // On the servers of this run: it needs none of its own.
      env: {
        ...process.env,
        NO_COLOR: '1',
        TEST_DATABASE_URL: urls.join(','),
      },
    });
    expect(stdout).toMatch(/ Tests +1 passed \| \d+ skipped/);
  });

  it('names commands and scripts that there are', () => {
    for (const command of commandsOf(page))
      expect(Object.keys(scripts)).toContain(command);
    for (const [, file = ''] of page.matchAll(
      /`?\b(scripts\/[\w.-]+|test\/[\w./-]+\.ts)\b/g,
    ))
      expect(existsSync(join(PROJECT, file)), file).toBe(true);
    const rooms = read('test/rooms.spec.ts');
    const limit = (name: string) =>
      Number(new RegExp(`${name} = (\\d+)`).exec(rooms)?.[1]);
    expect(page.replaceAll(/\s+/g, ' ')).toContain(
      `at most ${limit('MAX_ROOM_LINES').toLocaleString('en')} lines and a file ${limit('MAX_FILE_LINES')}.`,
    );
  });
});

/** The npm scripts that a text runs. */
function commandsOf(text: string): string[] {
  return [
    ...text.matchAll(/\bnpm (?:run (?:--silent )?([\w:]+)|(test)\b)/g),
  ].map(([, script, test]) => script ?? test ?? '');
}

type Parser = typeof import('@actions/workflow-parser');

interface Step {
  readonly uses?: string;
  readonly run?: string;
}

interface Job {
  readonly 'timeout-minutes'?: number;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
  readonly strategy?: {
    readonly matrix: {
      readonly node: readonly number[];
      readonly database: readonly string[];
      readonly include: readonly {
        readonly database: string;
        readonly command: string;
        readonly image?: string;
        readonly url?: string;
      }[];
    };
  };
}

interface Workflow {
  readonly permissions: Readonly<Record<string, string>>;
  readonly concurrency: unknown;
  readonly jobs: Readonly<Record<string, Job>>;
}

const workflow = (file: string) =>
  parse(read(`.github/workflows/${file}`)) as Workflow;

describe('the workflows', () => {
  const files = readdirSync(join(PROJECT, '.github/workflows'));
  let parser: Parser;
  beforeAll(async () => {
    // The parser imports JSON as bundlers do and Node does not.
    const { module } = await runnerImport<Parser>('@actions/workflow-parser', {
      configFile: false,
      root: PROJECT,
      logLevel: 'silent',
      environments: {
        inline: {
          resolve: {
            noExternal: [/^@actions\//],
            external: ['yaml', 'cronstrue'],
          },
        },
      },
    });
    parser = module;
  });

  it('are those', () =>
    expect(files.toSorted()).toEqual(['ci.yml', 'release.yml']));

  it.each(files)('%s is one by the parser of GitHub', (name) => {
    const { parseWorkflow, NoOperationTraceWriter } = parser;
    const errorsOf = (content: string) =>
      parseWorkflow({ name, content }, new NoOperationTraceWriter())
        .context.errors.getErrors()
        .map(({ message }) => message);
    const content = read(`.github/workflows/${name}`);
    expect(errorsOf(content)).toEqual([]);
    // It sees keys and expressions.
    expect(errorsOf(content.replace('runs-on:', 'run-on:'))).not.toEqual([]);
    expect(errorsOf(content.replace('${{ github.', '${{ gitbuh.'))).not.toEqual(
      [],
    );
  });

  it.each(files)(
    '%s may do no more than it must, ends by itself, and runs commands that there are',
    (name) => {
      const { permissions, concurrency, jobs } = workflow(name);
      expect(permissions).toEqual({ contents: 'read' });
      expect(concurrency).toBeDefined();
      for (const [id, job] of Object.entries(jobs)) {
        expect(job['timeout-minutes'], id).toBeGreaterThan(0);
        for (const { uses, run: script = '' } of job.steps) {
          if (uses) expect(uses).toMatch(/^actions\/[\w-]+@v\d+$/);
          for (const command of commandsOf(script))
            expect(Object.keys(scripts)).toContain(command);
          for (const [file] of script.matchAll(/\bscripts\/[\w.-]+|\.ci\/\w+/g))
            expect(existsSync(join(PROJECT, file)), file).toBe(true);
        }
      }
    },
  );

  it('ci.yml tests every Node of package.json on every database of docs/compatibility.md', () => {
    const { node, database, include } = strategyOf('ci.yml', 'test');
    const { engines } = JSON.parse(read('package.json')) as {
      engines: { node: string };
    };
    expect(engines.node).toBe('^20.19.0 || >=22.12.0');
    expect(node).toEqual([20, 22, 24]);
    const page = read('docs/compatibility.md').replaceAll(/\s+/g, ' ');
    const listed = (items: readonly unknown[]) =>
      items.join(', ').replace(/, ([^,]+)$/, ' and $1');
    expect(page).toContain(
      `Node ${listed(node)}, each on ${listed(database)}.`,
    );
    expect(read('CONTRIBUTING.md').replaceAll(/\s+/g, ' ')).toContain(
      `Node ${listed(node)}, each on ${listed(database)} `,
    );
    expect(include.map((cell) => cell.database)).toEqual(database);
    for (const { command, image = '', url = '', database: name } of include) {
      for (const script of commandsOf(command))
        expect(Object.keys(scripts)).toContain(script);
      const [kind = '', major = ''] = name
        .toLowerCase()
        .replace('postgresql', 'postgres')
        .split(' ');
      if (kind === 'sqlite') expect([image, url]).toEqual(['', '']);
      else {
        expect(image).toBe(`${kind}:${major}`);
        expect(new URL(url).protocol).toBe(`${kind}:`);
      }
    }
  });

  it('release.yml publishes with provenance what is tested, and may write nowhere else', () => {
    const { jobs } = workflow('release.yml');
    const granted = Object.entries(jobs).map(([id, { permissions }]) => [
      id,
      permissions,
    ]);
    expect(Object.fromEntries(granted)).toEqual({
      test: undefined,
      publish: { contents: 'read', 'id-token': 'write' },
      release: { contents: 'write' },
    });
    expect(read('.github/workflows/release.yml')).toContain(
      'npm publish --provenance --access public',
    );
    const { publishConfig } = JSON.parse(read('package.json')) as {
      publishConfig: unknown;
    };
    expect(publishConfig).toEqual({ access: 'public', provenance: true });
  });
});

function strategyOf(file: string, job: string) {
  const matrix = workflow(file).jobs[job]?.strategy?.matrix;
  if (!matrix) throw new Error(`${file} has no job ${job} with a matrix.`);
  return matrix;
}

describe('the issue forms', () => {
  const FOLDER = '.github/ISSUE_TEMPLATE';
  const forms = readdirSync(join(PROJECT, FOLDER)).filter(
    (file) => file !== 'config.yml',
  );

  interface Field {
    readonly type: string;
    readonly id?: string;
    readonly attributes: {
      readonly label?: string;
      readonly value?: string;
      readonly options?: readonly unknown[];
    };
    readonly validations?: { readonly required?: boolean };
  }

  it('are for a fault and a wish; questions and vulnerabilities go elsewhere', () => {
    expect(forms.toSorted()).toEqual(['bug.yml', 'feature.yml']);
    const config = parse(read(`${FOLDER}/config.yml`)) as Record<
      string,
      unknown
    >;
    expect(config).toEqual({
      blank_issues_enabled: false,
      contact_links: ['Question', 'Security', 'Documentation'].map((name) => ({
        name,
        url: expect.stringMatching(
          /^https:\/\/github\.com\/nestjs-wechat-token\//,
        ),
        about: expect.any(String),
      })),
    });
  });

  it.each(forms)('%s has the shape that GitHub wants', (file) => {
    const form = parse(read(`${FOLDER}/${file}`)) as {
      name: string;
      description: string;
      labels: string[];
      body: Field[];
    };
    expect(Object.keys(form)).toEqual([
      'name',
      'description',
      'labels',
      'body',
    ]);
    const ids = form.body.flatMap(({ id }) => id ?? []);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { type, id, attributes } of form.body)
      if (type === 'markdown') expect(attributes.value).toBeTruthy();
      else {
        expect(['input', 'textarea', 'dropdown', 'checkboxes']).toContain(type);
        expect(id).toMatch(/^[a-z]+$/);
        expect(attributes.label).toBeTruthy();
        const takesOptions = type === 'dropdown' || type === 'checkboxes';
        expect((attributes.options ?? []).length > 0, id).toBe(takesOptions);
      }
  });

  it('that of a fault asks what is needed to see it, and to leave secrets out', () => {
    const { body } = parse(read(`${FOLDER}/bug.yml`)) as { body: Field[] };
    expect(body[0]?.attributes.value).toContain('Leave secrets out.');
    const asked = body.flatMap(({ id }) => id ?? []);
    expect(asked).toEqual(
      expect.arrayContaining([
        'version',
        'environment',
        'database',
        'mode',
        'log',
        'secrets',
      ]),
    );
  });
});
