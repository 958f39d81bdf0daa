import { PROJECT } from '../support/build.js';
import { readManifest } from '../support/packed-package.js';
import type { Cell } from './cells.js';

export type Versions = Readonly<Record<string, string>>;

/** The app that somebody has before the package comes in. */
export interface Host {
  readonly type: 'module' | 'commonjs';
  /** In tsconfig.json, as `nest new` of that version writes it. */
  readonly module: 'nodenext' | 'commonjs';
  readonly runner: 'vitest' | 'jest';
  readonly dependencies: Versions;
  readonly devDependencies: Versions;
}

const OWN = readManifest(PROJECT);

/** What the package accepts of that major version of a peer. */
function peer(name: string, major: number): string {
  const parts = OWN.peerDependencies?.[name]?.split(' || ') ?? [];
  const part = parts.find((range) => range.startsWith(`^${major}.`));
  if (!part) throw new Error(`The package does not accept ${name} ${major}.`);
  return part;
}

const NEST_12: Omit<Host, 'type'> = {
  module: 'nodenext',
  runner: 'vitest',
  dependencies: {
    '@nestjs/axios': peer('@nestjs/axios', 12),
    '@nestjs/common': peer('@nestjs/common', 12),
    '@nestjs/config': '^12.0.0',
    '@nestjs/core': peer('@nestjs/core', 12),
    '@nestjs/schedule': peer('@nestjs/schedule', 12),
    '@nestjs/typeorm': peer('@nestjs/typeorm', 12),
    typeorm: peer('typeorm', 1),
  },
  devDependencies: {
    '@nestjs/testing': '^12.0.0',
    typescript: '~6.0.0',
    vitest: '^4.0.0',
  },
};

const NEST_11: Host = {
  type: 'commonjs',
  module: 'commonjs',
  runner: 'jest',
  dependencies: {
    '@nestjs/axios': peer('@nestjs/axios', 4),
    '@nestjs/common': peer('@nestjs/common', 11),
    '@nestjs/config': '^4.0.0',
    '@nestjs/core': peer('@nestjs/core', 11),
    '@nestjs/schedule': peer('@nestjs/schedule', 6),
    '@nestjs/typeorm': peer('@nestjs/typeorm', 11),
    typeorm: peer('typeorm', 0),
  },
  devDependencies: {
    '@nestjs/testing': '^11.1.4',
    '@types/jest': '^30.0.0',
    jest: '^30.0.0',
    'ts-jest': '^29.4.0',
    typescript: '~5.9.0',
  },
};

const HOSTS: Readonly<Record<Cell['host'], Host>> = {
  'Nest 12 ESM': { ...NEST_12, type: 'module' },
  'Nest 12 CJS': { ...NEST_12, type: 'commonjs' },
  'Nest 11 CJS': NEST_11,
};

/** The packages by which TypeORM reaches a database. */
const DRIVERS: Versions = {
  libsql: peer('libsql', 0),
  'better-sqlite3': peer('better-sqlite3', 12),
  mysql2: peer('mysql2', 3),
  pg: peer('pg', 8),
};

export function hostOf(cell: Cell): Host {
  return HOSTS[cell.host];
}

export function driverOf({ database, variant }: Cell): string {
  const sqlite = variant === 'better-sqlite3' ? variant : 'libsql';
  return { SQLite: sqlite, MariaDB: 'mysql2', PostgreSQL: 'pg' }[database];
}

/** As JSON; a driver that TypeORM does not find by itself is the name of its package. */
export function dataSourceOptions(cell: Cell, database: string): object {
  const driver = driverOf(cell);
  if (driver === 'libsql') return { type: 'better-sqlite3', driver, database };
  if (driver === 'better-sqlite3') return { type: driver, database };
  return { type: driver === 'pg' ? 'postgres' : 'mariadb', url: database };
}

export function platformOf({ adapter }: Cell): string {
  return `@nestjs/platform-${adapter.toLowerCase()}`;
}

/** All that the app of a cell names, but for the package itself. */
export function dependenciesOf(
  cell: Cell,
): Pick<Host, 'dependencies' | 'devDependencies'> {
  const { dependencies, devDependencies } = hostOf(cell);
  const driver = driverOf(cell);
  return {
    dependencies: {
      ...dependencies,
      [platformOf(cell)]: devDependencies['@nestjs/testing'] ?? '',
      [driver]: DRIVERS[driver] ?? '',
      axios: peer('axios', 1),
      'reflect-metadata': peer('reflect-metadata', 0),
      rxjs: peer('rxjs', 7),
    },
    devDependencies: { ...devDependencies, '@types/node': '^20.19.0' },
  };
}
