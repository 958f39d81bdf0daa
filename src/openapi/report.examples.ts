import type { Examples } from './openapi.types.js';

const quiet = { refreshed: 0, failed: 0, failures: {}, latencyMs: null };

/** Clock hours until 08:00, the oldest first; in the last one something happened. */
function hours(count: number, last: object) {
  const end = Date.parse('2026-11-23T08:00:00.000Z');
  return Array.from({ length: count }, (_, i) => ({
    hour: new Date(end - (count - 1 - i) * 3_600_000).toISOString(),
    ...(i === count - 1 ? last : quiet),
  }));
}

export const summaryExample: Examples = {
  summary: {
    summary: 'Two tokens, of which one waits',
    value: {
      at: '2026-11-23T08:01:40.120Z',
      total: 2,
      statuses: {
        expired: 0,
        missing: 0,
        'cooling-down': 1,
        due: 0,
        refreshing: 0,
        valid: 1,
      },
      kinds: ['access_token', 'jsapi_ticket'],
      hours: hours(24, {
        refreshed: 3,
        failed: 1,
        failures: { quota: 1 },
        latencyMs: 33,
      }),
      leaseHolders: [
        {
          owner: 'web-1:14092:5a98d6cd',
          tokens: 3,
          lastAt: '2026-11-23T08:00:00.000Z',
        },
      ],
      wechat: { state: 'ok', failures: {} },
      database: { kind: 'mysql', latencyMs: 1 },
      replica: { id: 'web-1:14092:5a98d6cd', role: 'refresher' },
    },
  },
};

export const statsExample: Examples = {
  stats: {
    summary: 'A token that was renewed twice',
    value: {
      name: 'access_token',
      hours: hours(168, { ...quiet, refreshed: 2, latencyMs: 33 }),
      forced: {
        today: 1,
        limit: 20,
        left: 19,
        resetsAt: '2026-11-23T16:00:00.000Z',
      },
    },
  },
};

const unknown = { dailyLimit: null, used: null, remain: null };

export const quotaExample: Examples = {
  quota: {
    summary: 'Counters, but for one path',
    value: {
      name: 'access_token',
      items: [
        {
          path: '/cgi-bin/token',
          dailyLimit: 2000,
          used: 12,
          remain: 1988,
          error: null,
        },
        {
          path: '/cgi-bin/stable_token',
          dailyLimit: 500000,
          used: 288,
          remain: 499712,
          error: null,
        },
        {
          path: '/cgi-bin/ticket/getticket',
          ...unknown,
          error: {
            errcode: 76022,
            message: 'could not use this cgi_path, no permission',
          },
        },
      ],
    },
  },
};
