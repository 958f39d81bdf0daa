import type { Dialect, ListColumn } from './dialect.js';

// As MySQL finds the rows by an index.
export const isAfter: Dialect['isAfter'] = (instant, since, name) =>
  `${instant} >= ${since} AND (${instant} > ${since} OR name > ${name})`;

const utf8 = (type: string) => `${type} CHARACTER SET utf8mb4`;
// Longer than the columns of the tables: a value that is too long must fail there, not be truncated here.
const MYSQL_TYPES: Readonly<Record<ListColumn, string>> = {
  name: utf8('VARCHAR(192)'),
  varchar: utf8('VARCHAR(256)'),
  text: utf8('LONGTEXT'),
  integer: 'BIGINT',
};

const BY_PRIMARY_KEY = 'FORCE INDEX (PRIMARY)';

/** MySQL and MariaDB. */
export const mysql: Dialect = {
  now: 'UTC_TIMESTAMP(3)',
  after: (instant, ms) => `TIMESTAMPADD(MICROSECOND, 1000 * ${ms}, ${instant})`,
  msUntil: (instant) =>
    `TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(3), ${instant}) DIV 1000`,
  epochMs: (instant) =>
    `TIMESTAMPDIFF(MICROSECOND, '1970-01-01', ${instant}) DIV 1000`,
  asText: (instant) => `CAST(${instant} AS CHAR)`,
  hourOf: (instant) =>
    `CAST(DATE_FORMAT(${instant}, '%Y-%m-%d %H:00:00') AS DATETIME(3))`,
  isAfter,
  listOf: (parameter, fields) =>
    `JSON_TABLE(${parameter}, '$[*]' COLUMNS (${Object.entries(fields)
      .map(
        ([name, type]) => `list_${name} ${MYSQL_TYPES[type]} PATH '$.${name}'`,
      )
      .join(', ')})) list`,
  nameList: (parameter) =>
    `JSON_TABLE(${parameter}, '$[*]' COLUMNS (list_name ${MYSQL_TYPES.name} PATH '$')) list`,
  listJoin: (list, table, on) => `${list} STRAIGHT_JOIN ${table} ON ${on}`,
  updateFromList: (list, on, set) =>
    `UPDATE ${list} STRAIGHT_JOIN system_var ${BY_PRIMARY_KEY} ON ${on} SET ${set}`,
  lockingFreeRows: 'FOR UPDATE SKIP LOCKED',
  jsonWithTime: (parameter) =>
    `JSON_SET(${parameter}, '$.at', CONCAT(LEFT(DATE_FORMAT(UTC_TIMESTAMP(3), '%Y-%m-%dT%H:%i:%s.%f'), 23), 'Z'))`,
  storable: (text) => text.toWellFormed(),
  sameText: (column, parameter) =>
    `CAST(${column} AS BINARY) = CAST(${parameter} AS BINARY)`,
  byIndex: (index) => `FORCE INDEX (${index})`,
  byPrimaryKey: BY_PRIMARY_KEY,
  // Not by a subquery: with one, MySQL reads and locks every row.
  deleteFirst: (table, condition) => `DELETE FROM ${table} WHERE ${condition}`,
  // Not INSERT IGNORE, which silently truncates a value that is too long.
  unlessPresent:
    'WHERE TRUE ON DUPLICATE KEY UPDATE version = system_var.version',
  addToPresent: (table, _key, columns) =>
    `ON DUPLICATE KEY UPDATE ${columns.map((column) => `${column} = ${table}.${column} + VALUES(${column})`).join(', ')}`,
};
