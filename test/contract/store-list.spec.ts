import { statusOf } from '../../src/wechat-token/http/admin/admin-view.js';
import type { TokenStatus } from '../../src/wechat-token/index.js';
import type {
  ListedRow,
  ListPage,
} from '../../src/wechat-token/store/token-list.js';
import { everyDatabase } from '../support/every-database.js';
import { openStore, type StoreUnderTest } from '../support/open-store.js';

const STATUSES: readonly TokenStatus[] = [
  'expired',
  'missing',
  'cooling-down',
  'due',
  'refreshing',
  'valid',
];
const ALL: ListPage = {
  order: 'name',
  statuses: STATUSES,
  search: '',
  after: { place: -1, name: '' },
  limit: 1000,
};
const HOUR = 3_600_000;
/** Milliseconds from now; far from the moment at which anything changes. */
const PAST_OR_NOT = [null, -HOUR, HOUR] as const;
/** Issued and expires: long ago, in the last twentieth of its life, in its last 10 s, with life left, and with no known beginning. */
const LIVES = [
  [-3 * HOUR, -HOUR],
  [-99 * HOUR, HOUR],
  [-HOUR, HOUR],
  [null, HOUR],
  [null, -HOUR],
  // Of a short life a twentieth counts, of a long one 10 s; the clock may run for a minute meanwhile.
  [-40 * HOUR, -1],
] as const;

describe.each(everyDatabase())('the list on $title', (database) => {
  let db: StoreUnderTest;
  beforeEach(async () => {
    db = await openStore(database);
  });
  afterEach(() => db[Symbol.asyncDispose]());

  const at = (ms: number | null) =>
    ms === null ? 'NULL' : db.words.plus(db.words.now, String(ms));
  const insert = (rows: readonly string[]) =>
    db.sql(
      `INSERT INTO system_var (name, value, app_id, version, failure_count, issued_at, expires_at, refresh_at, lease_until, next_attempt_at)
        VALUES ${rows.map((row) => `(${row})`).join(', ')}`,
    );
  const names = async (page: Partial<ListPage> = {}) =>
    (await db.list.page({ ...ALL, ...page })).map(({ row }) => row.name);

  it('counts and filters by the very status that a view shows, over all states', async () => {
    const rows: string[] = [];
    for (const value of ['NULL', "''", "'token'"])
      for (const [issued, expires] of LIVES)
        for (const refresh of PAST_OR_NOT)
          for (const lease of PAST_OR_NOT)
            for (const next of PAST_OR_NOT)
              rows.push(
                `'access_token:${String(rows.length).padStart(4, '0')}', ${value}, NULL, 1, 0, ${[issued, expires, refresh, lease, next].map(at).join(', ')}`,
              );
    await insert(rows);
    await db.sql("INSERT INTO system_var (name, value) VALUES ('mine', 'x')");
    const all = await db.list.page(ALL);
    expect(all).toHaveLength(rows.length);

    const expected = byStatus(all);
    expect([...expected.keys()].toSorted()).toEqual(STATUSES.toSorted());
    for (const [status, its] of expected)
      expect(await names({ statuses: [status] })).toEqual(its);
    const sizes = (rows: readonly ListedRow[]) =>
      new Map([...byStatus(rows)].map(([status, its]) => [status, its.length]));
    expect(await db.list.statuses()).toEqual(sizes(all));
    const own = all.slice(0, 100);
    const ownNames = own.map(({ row }) => row.name);
    expect(await db.list.statuses(ownNames)).toEqual(sizes(own));
  });

  it('knows that the last of a life is not served, as a view does', async () => {
    const ends = [100, 400, 600, 1000, 5000, 9000, 11_000, 30_000];
    const begins = [-100, -2000, -8000, -15_000, -50_000, -HOUR];
    // The life is the same whenever it is read: so is what is left of it, by the statement's own clock.
    const rows = ends.flatMap((end) =>
      begins.map(
        (begin) =>
          `'access_token:${end}.${-begin}', 'token', NULL, 1, 0, ${[begin, end, HOUR, null, null].map(at).join(', ')}`,
      ),
    );
    await insert(rows);
    for (const status of ['expired', 'valid'] as const) {
      const found = await db.list.page({ ...ALL, statuses: [status] });
      expect(found.length).toBeGreaterThan(0);
      for (const { row } of found) expect(statusOf(row)).toBe(status);
    }
  });

  it('has the worst first, page by page, and no token twice', async () => {
    const later = at(HOUR);
    const ago = at(-HOUR);
    const row = (name: string, failures: number, times: readonly string[]) =>
      `'access_token:${name}', 'token', NULL, 1, ${failures}, ${times.join(', ')}`;
    // issued, expires, refresh, lease, next attempt
    await insert([
      row('a-valid', 0, [ago, later, later, 'NULL', 'NULL']),
      row('b-refreshing', 0, [ago, later, ago, later, 'NULL']),
      row('c-due', 0, [ago, later, ago, 'NULL', 'NULL']),
      row('d-failing-again', 3, [ago, later, ago, later, 'NULL']),
      row('e-cooling', 1, [ago, later, ago, 'NULL', later]),
      row('f-expired', 0, [at(-2 * HOUR), ago, ago, 'NULL', later]),
      row('g-expired', 9, [at(-2 * HOUR), ago, ago, 'NULL', 'NULL']),
      "'access_token:h-missing', NULL, NULL, 1, 0, NULL, " +
        [ago, ago, 'NULL', 'NULL'].join(', '),
      row('z-valid', 0, [ago, later, later, 'NULL', 'NULL']),
    ]);
    const order = 'urgency';
    const worst = ['f-expired', 'g-expired', 'h-missing', 'd-failing-again'];
    const others = ['e-cooling', 'c-due', 'b-refreshing', 'a-valid', 'z-valid'];
    const expected = [...worst, ...others].map(
      (name) => `access_token:${name}`,
    );
    expect(await names({ order })).toEqual(expected);
    expect(await names({ order, names: expected.slice(2, 6) })).toEqual(
      expected.slice(2, 6),
    );

    const paged: string[] = [];
    let { after } = ALL;
    for (;;) {
      const page = await db.list.page({ ...ALL, order, after, limit: 2 });
      const last = page.at(-1);
      if (!last) break;
      paged.push(...page.map(({ row: { name } }) => name));
      after = { place: last.place, name: last.row.name };
    }
    expect(paged).toEqual(expected);
  });

  it('finds a part of the name or of the appid, in any case, and takes no character for a wildcard', async () => {
    const times = [at(-HOUR), at(HOUR), at(HOUR), 'NULL', 'NULL'].join(', ');
    await insert(
      [
        ['access_token', "'wxDEFAULT'"],
        ['access_token:Shop_1', "'wx111'"],
        ['access_token:shopA1', "'wx_11'"],
        ['access_tokens:shop', 'NULL'],
        ['jsapi_ticket:shop', "'wx111'"],
      ].map(([name, appId]) => `'${name}', 'token', ${appId}, 1, 0, ${times}`),
    );
    expect(await names({ search: 'SHOP_' })).toEqual(['access_token:Shop_1']);
    expect(await names({ search: 'x111' })).toEqual([
      'access_token:Shop_1',
      'jsapi_ticket:shop',
    ]);
    expect(await names({ search: 'wxdef' })).toEqual(['access_token']);
    expect(await names({ search: '%' })).toEqual([]);
    expect(await names({ search: '!' })).toEqual([]);
    expect(await names({ kind: 'access_token' })).toEqual([
      'access_token',
      'access_token:Shop_1',
      'access_token:shopA1',
    ]);
    expect(await names({ kind: 'jsapi_ticket', search: 'shop' })).toEqual([
      'jsapi_ticket:shop',
    ]);
    const own = ['access_token:shopA1', 'access_token:none', 'access_token'];
    expect(await names({ names: own, search: 'wx' })).toEqual([
      'access_token',
      'access_token:shopA1',
    ]);
  });
});

function byStatus(rows: readonly ListedRow[]): Map<string, string[]> {
  const names = new Map<string, string[]>();
  for (const { row } of rows) {
    const status = statusOf(row);
    names.set(status, [...(names.get(status) ?? []), row.name]);
  }
  return names;
}
