import type { Dialect } from './dialect.js';
import { isAfter } from './mysql.js';
import { addToPresent } from './postgres.js';

// SQLite stores instants as text, 'YYYY-MM-DD HH:MM:SS.SSS', which sorts chronologically.
const sqliteNow = "strftime('%Y-%m-%d %H:%M:%f', 'now')";
const sqliteMs = (from: string, to: string) =>
  `CAST(ROUND((julianday(${to}) - julianday(${from})) * 86400000) AS INTEGER)`;

export const sqlite: Dialect = {
  now: sqliteNow,
  after: (instant, ms) =>
    `strftime('%Y-%m-%d %H:%M:%f', ${instant}, (${ms} / 1000.0) || ' seconds')`,
  msUntil: (instant) => sqliteMs("'now'", instant),
  epochMs: (instant) => sqliteMs("'1970-01-01'", instant),
  asText: (instant) => instant,
  hourOf: (instant) => `strftime('%Y-%m-%d %H:00:00.000', ${instant})`,
  isAfter,
  listOf: (parameter, fields) =>
    `(SELECT ${Object.keys(fields)
      .map((name) => `value ->> '$.${name}' AS list_${name}`)
      .join(', ')} FROM json_each(${parameter})) list`,
  nameList: (parameter) =>
    `(SELECT value AS list_name FROM json_each(${parameter})) list`,
  listJoin: (list, table, on) => `${list} CROSS JOIN ${table} ON ${on}`,
  updateFromList: (list, on, set) =>
    `UPDATE system_var SET ${set} FROM ${list} WHERE ${on}`,
  // A write transaction locks the whole file.
  lockingFreeRows: '',
  jsonWithTime: (parameter) =>
    `json_set(${parameter}, '$.at', strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))`,
  storable: (text) => text.toWellFormed().replaceAll('\0', '\uFFFD'),
  sameText: (column, parameter) => `${column} = ${parameter}`,
  byIndex: (index) => `INDEXED BY ${index}`,
  byPrimaryKey: '',
  deleteFirst: (table, condition) =>
    `DELETE FROM ${table} WHERE rowid IN (SELECT rowid FROM ${table} WHERE ${condition})`,
  unlessPresent: 'WHERE TRUE ON CONFLICT (name) DO NOTHING',
  addToPresent,
};
