import Database from 'libsql';

export const database = {
  type: 'better-sqlite3' as const,
  driver: Database,
  database: process.env['DATABASE'] ?? ':memory:',
};
