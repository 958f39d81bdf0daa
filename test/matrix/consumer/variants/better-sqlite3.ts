export const database = {
  type: 'better-sqlite3' as const,
  database: process.env['DATABASE'] ?? ':memory:',
};
