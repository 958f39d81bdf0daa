import { refusalOfMysql, refusalOfPostgres } from './server-version.js';

const WHAT_TO_DO =
  '; use MySQL 8.0.11, MariaDB 10.6, PostgreSQL 14 or a later version of one of these, or SQLite';

describe('a server of the MySQL family', () => {
  it.each([
    '8.0.11',
    '8.0.34-rds',
    '8.0.35-27',
    '8.0.36-28.1',
    '8.0.mysql_aurora.3.04.0',
    '8.4.0',
    '9.7.4-2',
    '10.0.0-commercial',
    '10.6.12-MariaDB-log',
    '5.5.5-10.6.12-MariaDB',
    '10.11.19-MariaDB-0+deb12u1',
    '5.5.5-11.4.2-MariaDB-ubu2404',
    '12.0.2-MariaDB',
  ])('%s has what the statements need', (version) => {
    expect(refusalOfMysql(version)).toBeUndefined();
  });

  it.each([
    ['5.6.47.0', 'MySQL 5.6.47.0'],
    ['5.7.44-log', 'MySQL 5.7.44-log'],
    ['5.7.mysql_aurora.2.11.2', 'MySQL 5.7.mysql_aurora.2.11.2'],
    ['8.0.3-rc-log', 'MySQL 8.0.3-rc-log'],
    ['10.5.26-MariaDB-log', 'MariaDB 10.5.26-MariaDB-log'],
    ['5.5.5-10.5.26-MariaDB', 'MariaDB 10.5.26-MariaDB'],
    ['5.5.68-MariaDB', 'MariaDB 5.5.68-MariaDB'],
    ['5.7.25-TiDB-v6.1.0', 'TiDB (5.7.25-TiDB-v6.1.0)'],
    ['8.0.11-TiDB-v7.5.0', 'TiDB (8.0.11-TiDB-v7.5.0)'],
    ['5.7.25-OceanBase-v4.2.1.0', 'OceanBase (5.7.25-OceanBase-v4.2.1.0)'],
    ['8.0.30-Vitess', 'Vitess (8.0.30-Vitess)'],
    ['an own build', 'MySQL an own build'],
    ['', 'MySQL '],
  ])('%s is refused', (version, found) => {
    expect(refusalOfMysql(version)).toBe(
      `is ${found}, which lacks SKIP LOCKED or JSON_TABLE${WHAT_TO_DO}`,
    );
  });
});

describe('a server that speaks as PostgreSQL', () => {
  it.each([
    'PostgreSQL 14.0 on x86_64-pc-linux-musl, compiled by gcc (Alpine 10.3.1) 10.3.1, 64-bit',
    'PostgreSQL 15.18 (Debian 15.18-0+deb12u1) on x86_64-pc-linux-gnu, compiled by gcc, 64-bit',
    'PostgreSQL 15.3 (EnterpriseDB Advanced Server 15.3.0) on x86_64-pc-linux-gnu',
    'PostgreSQL 16beta1, compiled by Visual C++ build 1914, 64-bit',
    'PostgreSQL 17.2',
    'PostgreSQL 100.1 on aarch64',
  ])('%s has what the statements need', (version) => {
    expect(refusalOfPostgres(version)).toBeUndefined();
  });

  it.each([
    ['PostgreSQL 13.4 on x86_64-pc-linux-gnu, compiled by gcc', '13.4'],
    ['PostgreSQL 9.6.24, compiled by Visual C++ build 1800', '9.6.24'],
    ['PostgreSQL 12.12 (Greenplum Database 7.0.0) on x86_64', '12.12'],
    ['PostgreSQL 8.0.2 on i686-pc-linux-gnu, Redshift 1.0.5', '8.0.2'],
  ])('%s is too old', (version, number) => {
    expect(refusalOfPostgres(version)).toBe(
      `is PostgreSQL ${number}, which is too old${WHAT_TO_DO}`,
    );
  });

  it.each([
    [
      'CockroachDB CCL v23.1.11 (x86_64-pc-linux-gnu, built 2023/09/27)',
      'CockroachDB CCL v23.1.11',
    ],
    [
      'PostgreSQL 11.2-YB-2.18.0.0-b0 on x86_64-pc-linux-gnu, compiled by clang',
      'PostgreSQL 11.2-YB-2.18.0.0-b0',
    ],
    [
      'PostgreSQL 15.2-YB-2.25.1.0-b381 on aarch64',
      'PostgreSQL 15.2-YB-2.25.1.0-b381',
    ],
    ['KingbaseES V008R006C008 on x86_64', 'KingbaseES V008R006C008'],
    [
      '(openGauss 5.0.0 build a07d57c3) compiled at 2023',
      '(openGauss 5.0.0 build a07d57c3) compiled at 2023',
    ],
    ['', 'a server without a name'],
  ])('%s is not PostgreSQL', (version, found) => {
    expect(refusalOfPostgres(version)).toBe(
      `is ${found}, which is not PostgreSQL itself${WHAT_TO_DO}`,
    );
  });
});
