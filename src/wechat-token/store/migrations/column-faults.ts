// Can the column hold what is written?

import type { Family } from './kind-of-database.js';
import type { ColumnFacts, TableFacts } from './table-look.js';
import { definitionOf, typeOf, type WantedColumn } from './wanted-tables.js';

/** Something in a table's definition for which rows could not be written, or would be lost. */
export interface TableFault {
  /** Such as `the column tenant of system_var is NOT NULL …`. */
  readonly problem: string;
  /** The clause of ALTER TABLE that fixes it, or on SQLite the statement; undefined where the table is to be made anew. */
  readonly clause?: string;
  /** The clause widens, and loses nothing that is in the table: the migrations run it. Others are left to the app. */
  readonly isSafe: boolean;
}

type Ability = 'fits' | 'widens' | 'differs';

/** MySQL: a column of a key has up to 3072 bytes, and our indexes have an instant beside the name. */
const LONGEST_NAME = 750;

export function refusal(problem: string, clause?: string): TableFault {
  return { problem, clause, isSafe: false };
}

export function quoted(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

/** A column of the app's own, which no statement of ours writes. */
export function foreignFaults(
  family: Family,
  facts: ColumnFacts,
): TableFault[] {
  const { name, declared, type, isNullable, hasDefault, isComputed } = facts;
  // In MySQL the first value of an ENUM is its default.
  if (isNullable || hasDefault || isComputed || type === 'enum') return [];
  const problem = 'is NOT NULL and has no default';
  switch (family) {
    case 'mysql':
      return [refusal(problem, `MODIFY ${quoted(name)} ${declared} NULL`)];
    case 'postgres':
      return [refusal(problem, `ALTER "${name}" DROP NOT NULL`)];
    case 'sqlite':
      return [refusal(problem)];
  }
}

/** What is wrong, and whether it may be changed without a loss. */
type Complaint = readonly [problem: string, isSafe: boolean];

export function columnFaults(
  family: Family,
  { isStrict }: TableFacts,
  column: WantedColumn,
  facts: ColumnFacts,
): TableFault[] {
  const { holds, isNullable, isGenerated } = column;
  const ability = abilityOf(family, column, facts, isStrict);
  // SQLite's keys may be NULL. A remark may as well: none is written.
  const needsValue =
    holds === 'name' ? family !== 'sqlite' : !isNullable && holds !== 'text';
  const complaints: (Complaint | false)[] = [
    ability !== 'fits' && [
      `is ${typeIn(family, column, facts)}`,
      ability === 'widens',
    ],
    isNullable && !facts.isNullable && ['is NOT NULL', true],
    needsValue && facts.isNullable && ['may be NULL', holds === 'name'],
    facts.isComputed && !isGenerated && ['is generated', false],
    facts.changesItself && ['changes with every update', false],
    hasOwnDefault(column, facts) && ['has a default', false],
    isGenerated && !facts.hasDefault && ['does not count up', false],
  ];
  const found = complaints.filter((complaint) => complaint !== false);
  if (found.length === 0) return [];
  // A text that may be NULL stays so: rows may have none.
  const kept =
    holds === 'text' && facts.isNullable
      ? { ...column, isNullable: true }
      : column;
  const wanted = definitionOf(family, kept).slice(column.name.length + 1);
  const problem = `${found.map(([what]) => what).join(' and ')}, not ${wanted}`;
  const isSafe = found.every(([, safe]) => safe);
  return [{ problem, isSafe, clause: clauseFor(family, kept, facts, ability) }];
}

function typeIn(
  family: Family,
  { holds }: WantedColumn,
  { declared, charset, collation }: ColumnFacts,
): string {
  const isAbout = family === 'mysql' || holds === 'name';
  const details = isAbout ? [charset, collation].filter(Boolean) : [];
  const type = declared || 'without a type';
  return details.length > 0 ? `${type} (${details.join(', ')})` : type;
}

/** On MySQL the whole column, on PostgreSQL what differs. */
function clauseFor(
  family: Family,
  column: WantedColumn,
  facts: ColumnFacts,
  ability: Ability,
): string | undefined {
  if (family === 'sqlite' || facts.isComputed || column.isGenerated)
    return undefined;
  // A text that is longer than need be stays so.
  const isRoomy = isText(facts) && roomOf(facts) >= column.length;
  const isFixed = ['char', 'bpchar'].includes(facts.type);
  // A row of MySQL has 64 KB, texts aside.
  const isLoose = column.isLimited || facts.type.endsWith('text');
  const roomy = isRoomy && !isFixed && isLoose ? facts.declared : undefined;
  if (family === 'mysql')
    return `MODIFY ${definitionOf(family, column, roomy)}`;
  const type = typeOf(family, column, roomy);
  const clauses = [
    ability !== 'fits' && `TYPE ${type}${castOf(column, facts, ability)}`,
    column.isNullable && !facts.isNullable && 'DROP NOT NULL',
    !column.isNullable && facts.isNullable && 'SET NOT NULL',
    hasOwnDefault(column, facts) && 'DROP DEFAULT',
  ].filter((clause) => clause !== false);
  return (
    clauses.map((clause) => `ALTER ${column.name} ${clause}`).join(', ') ||
    undefined
  );
}

/** Not to a limited text, which would cut it. */
function castOf(
  { name, holds }: WantedColumn,
  { type }: ColumnFacts,
  ability: Ability,
): string {
  if (ability !== 'differs') return '';
  if (type === 'timestamptz') return ` USING ${name} AT TIME ZONE 'UTC'`;
  const to = { name: 'text', text: 'text', instant: 'timestamp' };
  return ` USING ${name}::${{ ...to, int: 'int', bigint: 'bigint' }[holds]}`;
}

/** A row that has no such instant would get one. */
function hasOwnDefault(column: WantedColumn, facts: ColumnFacts): boolean {
  return column.holds === 'instant' && column.isNullable && facts.hasDefault;
}

const isText = ({ type }: ColumnFacts) =>
  /^(var|bp)?char$|^(tiny|medium|long)?text$/.test(type);
const roomOf = ({ length }: ColumnFacts) => length ?? Infinity;

function abilityOf(
  family: Family,
  column: WantedColumn,
  facts: ColumnFacts,
  isStrict: boolean,
): Ability {
  if (family === 'sqlite') return affinityOf(column, facts, isStrict);
  const { type, digits } = facts;
  switch (column.holds) {
    case 'instant':
      if (type !== (family === 'mysql' ? 'datetime' : 'timestamp'))
        return 'differs';
      return (digits ?? 0) >= 3 ? 'fits' : 'widens';
    case 'bigint':
    case 'int': {
      // A key that counts up need not be a BIGINT.
      const needed = column.isGenerated ? 'int' : column.holds;
      const place = INTEGERS.findIndex((types) => types.includes(type));
      if (place < 0) return 'differs';
      const least = INTEGERS.findIndex((types) => types.includes(needed));
      return place >= least ? 'fits' : 'widens';
    }
    case 'name':
    case 'text': {
      if (!isText(facts)) return 'differs';
      const isName = column.holds === 'name';
      if (isName && family === 'mysql' && !isShortEnough(facts))
        return 'differs';
      const isRoomy = roomOf(facts) >= column.length;
      return isRoomy &&
        isWritable(family, facts) &&
        (!isName || isExactly(facts))
        ? 'fits'
        : 'widens';
    }
  }
}

/** From the smallest to the largest. */
const INTEGERS = [
  ['tinyint', 'smallint', 'int2', 'mediumint'],
  ['int', 'int4'],
  ['bigint', 'int8'],
];

function isShortEnough(facts: ColumnFacts): boolean {
  return !facts.type.endsWith('text') && roomOf(facts) <= LONGEST_NAME;
}

/** PostgreSQL has one character set for a database. */
function isWritable(family: Family, { charset }: ColumnFacts): boolean {
  return family === 'postgres' || charset === 'utf8mb4';
}

/** Names differ by case, and are in the order of their bytes. */
function isExactly({ collation }: ColumnFacts): boolean {
  return /_bin$|^(C|POSIX|ucs_basic|pg_c_utf8|C\.utf-?8)$/i.test(
    collation ?? '',
  );
}

/** SQLite makes a number of a text that looks like one, unless the column's type says that it is a text. */
function affinityOf(
  { holds }: WantedColumn,
  { type }: ColumnFacts,
  isStrict: boolean,
): Ability {
  const isInt = /int/.test(type);
  const isTextual = !isInt && /char|clob|text/.test(type);
  const isAny = type === '' || (isStrict && type === 'any');
  // Instants are texts here; a number is a time that another program means.
  if (holds === 'instant')
    return isTextual || isAny || (!isStrict && /date|time/.test(type))
      ? 'fits'
      : 'differs';
  if (isAny) return 'fits';
  if (holds === 'bigint' || holds === 'int')
    return isInt || /^(num|dec)/.test(type) ? 'fits' : 'widens';
  return isTextual ? 'fits' : 'widens';
}
