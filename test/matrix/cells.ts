/** What a cell is made of; each value of one stands beside each value of every other in some cell. */
export const AXES = {
  host: ['Nest 12 ESM', 'Nest 12 CJS', 'Nest 11 CJS'],
  adapter: ['Express', 'Fastify'],
  database: ['SQLite', 'MariaDB', 'PostgreSQL'],
  node: [20, 22, 24],
  manager: ['npm', 'pnpm'],
} as const;

export type Axes = typeof AXES;
export type Axis = keyof Axes;

/** One consumer of the package. */
export type Cell = { readonly [A in Axis]: Axes[A][number] } & {
  /** What else differs. Default: SQLite by libsql, which runs on every Node, and the newest versions. */
  readonly variant?: 'better-sqlite3' | 'lowest versions';
};

type Row = readonly [
  Cell['host'],
  Cell['adapter'],
  Cell['database'],
  Cell['node'],
  Cell['manager'],
  Cell['variant']?,
];

// prettier-ignore
const ROWS: readonly Row[] = [
  ['Nest 11 CJS', 'Express', 'SQLite',     20, 'pnpm'],
  ['Nest 12 ESM', 'Fastify', 'SQLite',     24, 'pnpm'],
  ['Nest 12 CJS', 'Express', 'SQLite',     22, 'npm'],
  ['Nest 12 ESM', 'Express', 'MariaDB',    20, 'npm'],
  ['Nest 12 CJS', 'Express', 'MariaDB',    24, 'pnpm'],
  ['Nest 11 CJS', 'Fastify', 'MariaDB',    22, 'npm'],
  ['Nest 12 ESM', 'Express', 'PostgreSQL', 22, 'pnpm'],
  ['Nest 12 CJS', 'Fastify', 'PostgreSQL', 20, 'npm'],
  ['Nest 11 CJS', 'Express', 'PostgreSQL', 24, 'npm'],
  // Beside the pairs. better-sqlite3 12 ends a process of Node 24.
  ['Nest 11 CJS', 'Express', 'SQLite',     20, 'npm',  'better-sqlite3'],
  ['Nest 12 CJS', 'Express', 'SQLite',     22, 'npm',  'better-sqlite3'],
  ['Nest 11 CJS', 'Express', 'MariaDB',    20, 'pnpm', 'lowest versions'],
];

export const CELLS: readonly Cell[] = ROWS.map(
  ([host, adapter, database, node, manager, variant]) => ({
    host,
    adapter,
    database,
    node,
    manager,
    ...(variant && { variant }),
  }),
);

/** Those that `npm test` runs: TypeORM 0.3 with Jest, and the newest Node; they need no server. */
export const SHORT_CELLS = CELLS.slice(0, 2);

export function titleOf(cell: Cell): string {
  const { host, adapter, database, node, manager, variant } = cell;
  const parts = [host, adapter, database, `Node ${node}`, manager];
  return [...parts, ...(variant ? [variant] : [])].join(', ');
}
