import { isIP } from 'node:net';
import type { ConfigurationFault } from '../wechat-token/index.js';
import { messages } from './config.messages.js';
import { parseCertificates, type TlsMode } from './database-tls.js';
import {
  type Database,
  parametersOf,
  parseDatabaseUrl,
} from './database-url.js';

type Set = Readonly<Record<string, string | undefined>>;
type Refuse = (field: string, problem: string) => undefined;
type Server = Exclude<Database, { readonly type: 'better-sqlite3' }>;

const DEFAULT_URL = 'sqlite:data/wechat-token.sqlite';
/** Given as a file only. */
const CA = 'DATABASE_TLS_CA';
const TLS_MODES = ['verify', 'require', 'off'] as const;
/** Parameters of the address that mean the same as DATABASE_TLS; of MySQL's and of PostgreSQL's own clients. */
const TLS_PARAMETER = /^(ssl-?mode|ssl)$/i;
/** As MySQL's clients have them, `_` for `-`; `verify-ca` leaves out the host's name, and is none of them. */
const MODE_OF: Readonly<Record<string, TlsMode>> = {
  disable: 'off',
  disabled: 'off',
  false: 'off',
  allow: 'prefer',
  prefer: 'prefer',
  preferred: 'prefer',
  require: 'require',
  required: 'require',
  'verify-full': 'verify',
  'verify-identity': 'verify',
  // As both drivers have it.
  true: 'verify',
};

/** Reads the settings of the database, of the app and of its commands; undefined when one is wrong, which is added to `faults`. */
export function readDatabase(
  set: Set,
  faults: ConfigurationFault[],
): Database | undefined {
  const refuse: Refuse = (field, problem) => {
    faults.push({ field, problem });
    return undefined;
  };
  const database = parseDatabaseUrl(set['DATABASE_URL'] ?? DEFAULT_URL);
  if (!database) return refuse('DATABASE_URL', messages.badDatabaseUrl());
  const isFile = database.type === 'better-sqlite3';
  const unknown = parametersOf(database)
    .map(([name]) => name)
    .filter((name) => isFile || !TLS_PARAMETER.test(name));
  if (unknown.length > 0)
    return refuse('DATABASE_URL', messages.badUrlParameters(unknown));
  if (!isFile) return readServer(set, database, refuse);
  for (const setting of ['DATABASE_TLS', CA])
    if (set[setting]) return refuse(setting, messages.tlsOfFile());
  return database;
}

function readServer(
  set: Set,
  database: Server,
  refuse: Refuse,
): Server | undefined {
  const mode = readMode(set['DATABASE_TLS'], database, refuse);
  if (!mode) return undefined;
  const { host } = database.server;
  if (mode === 'verify' && database.type !== 'postgres' && isIP(host) > 0)
    return refuse('DATABASE_URL', messages.verifyNeedsName());
  const text = set[CA];
  if (text === undefined) return { ...database, tls: { mode } };
  if (mode !== 'verify') return refuse(CA, messages.caWithoutVerify());
  const ca = parseCertificates(text);
  if (!ca) return refuse(CA, messages.caWithoutPem());
  return { ...database, tls: { mode, ca } };
}

function readMode(
  setting: string | undefined,
  database: Server,
  refuse: Refuse,
): TlsMode | undefined {
  const said: { text: string; mode: TlsMode }[] = [];
  if (setting !== undefined) {
    const mode = TLS_MODES.find((known) => known === setting);
    if (!mode) return refuse('DATABASE_TLS', messages.badChoice(TLS_MODES));
    said.push({ text: `DATABASE_TLS=${mode}`, mode });
  }
  for (const [name, value] of parametersOf(database)) {
    const mode = MODE_OF[value.toLowerCase().replaceAll('_', '-')];
    if (!mode) return refuse('DATABASE_URL', messages.badUrlTls(name));
    const text = `${name}=${value} in DATABASE_URL, which means ${mode}`;
    said.push({ text, mode });
  }
  const [first = database.tls] = said;
  if (said.every(({ mode }) => mode === first.mode)) return first.mode;
  const field = setting === undefined ? 'DATABASE_URL' : 'DATABASE_TLS';
  const texts = said.map(({ text }) => text);
  return refuse(field, messages.tlsDisagrees(texts));
}
