// What is there already?

import { NO_LIMIT } from '../connections/mysql-connections.js';
import type { Family } from './kind-of-database.js';
import { WANTED } from './wanted-tables.js';

/** A column as the database has it. */
export interface ColumnFacts {
  readonly name: string;
  /** Its type's name in lower case, without length: `varchar`, `int8`. */
  readonly type: string;
  /** Its type as it is declared. */
  readonly declared: string;
  /** Characters; null without a limit, and for what is no text. */
  readonly length: number | null;
  /** Digits of a second's fraction. */
  readonly digits: number | null;
  readonly charset: string | null;
  /** Not that of SQLite's columns; see {@link IndexFacts.isExact}. */
  readonly collation: string | null;
  readonly isNullable: boolean;
  /** Whether a row may be inserted without it: a default other than NULL, or one that counts up. */
  readonly hasDefault: boolean;
  /** No statement may write it. */
  readonly isComputed: boolean;
  /** The database changes it by itself whenever a row changes. */
  readonly changesItself: boolean;
}

export interface IndexFacts {
  readonly name: string;
  /** In their order; one that is an expression is empty. */
  readonly columns: readonly string[];
  readonly isPrimary: boolean;
  /** No two rows have the same values in its columns. */
  readonly isUnique: boolean;
  /** It compares whole values, at once, byte for byte where that is the index's affair. */
  readonly isExact: boolean;
}

export interface TableFacts {
  readonly name: string;
  /** `table` for what rows can be written to like one of the module's own; else what it is instead. */
  readonly kind: string;
  /** On MySQL; else null. */
  readonly engine: string | null;
  /** On MySQL; else null. */
  readonly rowFormat: string | null;
  /** On PostgreSQL; else null. */
  readonly schema: string | null;
  /** On SQLite: each value must have its column's type. */
  readonly isStrict: boolean;
  /** On SQLite, where a table that is made anew loses them; so it does its CHECKs. */
  readonly triggers: number;
  readonly hasChecks: boolean;
  readonly columns: readonly ColumnFacts[];
  readonly indexes: readonly IndexFacts[];
  /** On SQLite, whose migrations do not heed them: columns that must have their value in another table. */
  readonly references: readonly string[];
}

interface Fact {
  readonly part: 'table' | 'column' | 'index' | 'reference';
  readonly of: string;
  readonly name: string;
  /** MySQL's driver has parsed it, unlike the others. */
  readonly facts: string | object;
}

type Ask = (sql: string) => Promise<unknown>;

/**
 * The definitions of the module's tables, those that exist: one statement, which reads no row of them. `pathOf` is a table's name as
 * the connection needs it.
 */
export async function lookAtTables(
  ask: Ask,
  family: Family,
  pathOf = (table: string) => table,
): Promise<TableFacts[]> {
  const names = WANTED.map(({ name }) => name);
  const sql =
    family === 'postgres'
      ? postgresLook(names.map(pathOf))
      : LOOKS[family](names.map((name) => `'${name}'`).join(', '));
  const all = (await ask(sql)) as Fact[];
  const parts = (part: Fact['part'], table: string) =>
    all.flatMap((fact) => {
      if (fact.part !== part || fact.of !== table) return [];
      const { facts } = fact;
      const parsed = typeof facts === 'string' ? JSON.parse(facts) : facts;
      return [{ ...parsed, name: fact.name }];
    });
  return names.flatMap((name) =>
    parts('table', name).map((table) => ({
      ...table,
      engine: table.engine ?? null,
      rowFormat: table.rowFormat ?? null,
      schema: table.schema ?? null,
      isStrict: Boolean(table.isStrict),
      hasChecks: Boolean(table.hasChecks),
      columns: parts('column', name).map(toColumn),
      indexes: parts('index', name).map(toIndex),
      references: parts('reference', name).map((column) => column.name),
    })),
  );
}

/** MySQL and SQLite say 0 and 1, and no database has all of them. */
function toColumn(facts: ColumnFacts): ColumnFacts {
  return {
    ...facts,
    type: facts.type.toLowerCase(),
    length: facts.length ?? null,
    digits: facts.digits ?? null,
    charset: facts.charset ?? null,
    collation: facts.collation ?? null,
    isNullable: Boolean(facts.isNullable),
    hasDefault: Boolean(facts.hasDefault),
    isComputed: Boolean(facts.isComputed),
    changesItself: Boolean(facts.changesItself),
  };
}

function toIndex(facts: Omit<IndexFacts, 'columns'> & { columns: string }) {
  return {
    name: facts.name,
    columns: facts.columns.split(','),
    isPrimary: Boolean(facts.isPrimary),
    isUnique: Boolean(facts.isUnique),
    isExact: Boolean(facts.isExact),
  };
}

const LOOKS = { mysql: mysqlLook, sqlite: sqliteLook } as const;

function mysqlLook(names: string): string {
  const where = `WHERE table_schema = DATABASE() AND table_name IN (${names})`;
  return `SELECT 'table' AS part, table_name AS \`of\`, table_name AS name, JSON_OBJECT(
      'kind', IF(table_type = 'BASE TABLE', 'table', LOWER(table_type)), 'engine', engine, 'rowFormat', LOWER(row_format),
      'triggers', 0) AS facts
    FROM information_schema.tables ${where}
    UNION ALL SELECT 'column', table_name, LOWER(column_name), JSON_OBJECT(
      'type', data_type, 'declared', column_type, 'length', character_maximum_length, 'digits', datetime_precision,
      'charset', character_set_name, 'collation', collation_name, 'isNullable', is_nullable = 'YES',
      'hasDefault', (column_default IS NOT NULL AND column_default <> 'NULL') OR extra LIKE '%auto_increment%',
      'isComputed', COALESCE(generation_expression, '') <> '', 'changesItself', extra LIKE '%on update%')
    FROM information_schema.columns ${where}
    UNION ALL SELECT 'index', table_name, index_name, JSON_OBJECT(
      'columns', GROUP_CONCAT(LOWER(COALESCE(column_name, '')) ORDER BY seq_in_index), 'isPrimary', index_name = 'PRIMARY',
      'isUnique', MAX(non_unique) = 0, 'isExact', COUNT(sub_part) = 0)
    FROM information_schema.statistics ${where} GROUP BY table_name, index_name
    LIMIT ${NO_LIMIT}`;
}

function postgresLook(paths: readonly string[]): string {
  const ids = paths
    .map((path) => `to_regclass('${path.replaceAll("'", "''")}')`)
    .join(', ');
  const table = `JOIN pg_class c ON c.oid = `;
  const where = `WHERE c.oid IN (${ids})`;
  return `SELECT 'table' AS part, c.relname::text AS of, c.relname::text AS name, json_build_object(
      'kind', CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view'
        WHEN 'm' THEN 'materialized view' ELSE 'foreign table' END,
      'schema', n.nspname, 'triggers', 0)::text AS facts
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace ${where}
    UNION ALL SELECT 'column', c.relname, a.attname, json_build_object(
      'type', t.typname, 'declared', format_type(a.atttypid, a.atttypmod),
      'length', CASE WHEN t.typname IN ('varchar', 'bpchar') AND a.atttypmod > 4 THEN a.atttypmod - 4 END,
      'digits', CASE WHEN a.atttypmod >= 0 THEN a.atttypmod ELSE 6 END,
      'collation', CASE WHEN l.collname = 'default' THEN d.datcollate ELSE l.collname END,
      'isNullable', NOT a.attnotnull AND NOT t.typnotnull,
      'hasDefault', a.attidentity <> '' OR t.typdefault IS NOT NULL OR COALESCE(pg_get_expr(e.adbin, e.adrelid) !~ '^NULL(::|$)', FALSE),
      'isComputed', a.attgenerated <> '' OR a.attidentity = 'a', 'changesItself', FALSE)::text
    FROM pg_attribute a ${table} a.attrelid JOIN pg_type t ON t.oid = a.atttypid
    JOIN pg_database d ON d.datname = current_database()
    LEFT JOIN pg_collation l ON l.oid = a.attcollation
    LEFT JOIN pg_attrdef e ON e.adrelid = a.attrelid AND e.adnum = a.attnum
    ${where} AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL SELECT 'index', c.relname, x.relname, json_build_object(
      'columns', (SELECT string_agg(COALESCE(a.attname, ''), ',' ORDER BY k.place)
        FROM unnest((i.indkey::int2[])[0:i.indnkeyatts - 1]) WITH ORDINALITY k (number, place)
        LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number),
      'isPrimary', i.indisprimary, 'isUnique', i.indisunique,
      'isExact', i.indimmediate AND i.indisvalid AND i.indpred IS NULL)::text
    FROM pg_index i ${table} i.indrelid JOIN pg_class x ON x.oid = i.indexrelid ${where}`;
}

function sqliteLook(names: string): string {
  const t = `(SELECT name, type, sql FROM sqlite_master WHERE type IN ('table', 'view') AND LOWER(name) IN (${names})) t`;
  const options = `substr(sql, length(rtrim(sql, replace(sql, ')', ''))) + 1)`;
  const isRowId = `(c.pk AND LOWER(c.type) = 'integer' AND (SELECT MAX(pk) FROM pragma_table_xinfo(t.name)) = 1)`;
  return `SELECT 'table' AS part, LOWER(name) AS of, LOWER(name) AS name, json_object(
      'kind', CASE WHEN sql LIKE 'CREATE VIRTUAL%' THEN 'virtual table' ELSE type END,
      'isStrict', type = 'table' AND ${options} LIKE '%strict%', 'hasChecks', sql LIKE '%check%(%',
      'triggers', (SELECT COUNT(*) FROM sqlite_master m WHERE m.type = 'trigger' AND m.tbl_name = t.name)) AS facts
    FROM ${t}
    UNION ALL SELECT 'column', LOWER(t.name), LOWER(c.name), json_object(
      'type', c.type, 'declared', c.type, 'isNullable', NOT c."notnull" AND NOT ${isRowId},
      'hasDefault', (c.dflt_value IS NOT NULL AND UPPER(c.dflt_value) <> 'NULL') OR ${isRowId},
      'isComputed', c.hidden > 1, 'changesItself', 0)
    FROM ${t} JOIN pragma_table_xinfo(t.name) c
    UNION ALL SELECT 'index', LOWER(t.name), i.name, json_object(
      'columns', (SELECT group_concat(LOWER(COALESCE(name, ''))) FROM pragma_index_xinfo(i.name) WHERE key = 1),
      'isPrimary', i.origin = 'pk', 'isUnique', i."unique",
      'isExact', i.partial = 0 AND (SELECT MIN(coll = 'BINARY') FROM pragma_index_xinfo(i.name) WHERE key = 1))
    FROM ${t} JOIN pragma_index_list(t.name) i
    UNION ALL SELECT 'reference', LOWER(t.name), LOWER(f."from"), '{}'
    FROM ${t} JOIN pragma_foreign_key_list(t.name) f`;
}
