import { apiRoot, listQuery } from './api/api.js';
import { listHref, NO_FILTERS, routeOf, tokenHref } from './route.js';

describe("the page's address", () => {
  it('holds the filters, and what it does not know is none', () => {
    const filters = {
      statuses: ['expired', 'due'],
      kind: 'access_token',
      search: 'wx_1 & 2',
    } as const;
    expect(routeOf(listHref(filters))).toEqual({ view: 'list', filters });
    for (const hash of ['', '#/', '#/?status=worse', '#anything'])
      expect(routeOf(hash)).toEqual({ view: 'list', filters: NO_FILTERS });
  });

  it.each(['access_token', 'access_token:shop', 'access_token:a.b-c_1'])(
    'names the token %s',
    (name) => {
      expect(routeOf(tokenHref(name))).toEqual({ view: 'token', name });
    },
  );

  it('may be typed wrongly', () => {
    expect(routeOf('#/tokens/%E0%A4')).toEqual({
      view: 'token',
      name: '%E0%A4',
    });
  });

  it.each([
    ['/admin/wechat-tokens/console', '/admin/wechat-tokens'],
    ['/admin/wechat-tokens/console/', '/admin/wechat-tokens'],
    [
      '/console/v1/admin/wechat-tokens/console',
      '/console/v1/admin/wechat-tokens',
    ],
  ])('at %s is beside the routes of %s', (pathname, root) => {
    expect(apiRoot(pathname)).toBe(root);
  });
});

it('the list is asked for in order of urgency, by page', () => {
  expect(listQuery({ ...NO_FILTERS, after: '' })).toBe(
    '?order=urgency&limit=50',
  );
  expect(
    listQuery({ statuses: ['due'], kind: '', search: 'a%', after: 'n1' }),
  ).toBe('?order=urgency&limit=50&status=due&search=a%25&after=n1');
});
