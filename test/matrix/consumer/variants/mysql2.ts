export const database = {
  type: 'mariadb' as const,
  url: process.env['DATABASE'],
};
