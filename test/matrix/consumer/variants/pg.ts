export const database = {
  type: 'postgres' as const,
  url: process.env['DATABASE'],
};
