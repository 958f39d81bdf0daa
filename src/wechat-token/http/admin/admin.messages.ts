/** Sentences of the admin routes. */
export const adminMessages = {
  badStatuses: (allowed: readonly string[]) =>
    `must be a list, separated by commas, of ${allowed.join(', ')}`,
  badKind: () =>
    'must be a kind of token, the part of its name before the colon, such as "access_token" or "jsapi_ticket"',
  badSearch: (max: number) =>
    `must be a part of a name or of an appid: at most ${max} printable characters`,
  badNames: (max: number) =>
    `must be a list, separated by commas, of 1 to ${max} names of tokens, such as "access_token,access_token:shop"`,
  badPlace: () => 'must be the `next` of a page in the order of urgency',
  tooManyScans: () =>
    'Too many requests that search all tokens are waiting. Try again later, or ask for tokens by `name`.',
  noQuota: (name: string) =>
    `WeChat tells the quota of its own accounts by their access tokens, and "${name}" is none of these. Ask for that of an account's "access_token", which includes its tickets.`,
  readerCannotAsk: () =>
    'This replica is a reader and never calls WeChat. Ask a refresher for the quota (role "refresher", WECHAT_ROLE).',
  quotaAskedTooOften: (limit: number) =>
    `WeChat was asked for the quota of this appid ${limit} times within a minute, and each time is a call that WeChat counts. Try again later.`,
} as const;
