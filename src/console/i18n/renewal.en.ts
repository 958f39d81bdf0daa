/** The sentences about the renewal of a token: by an operator, and what it spends. */
export const renewalEn = {
  refresh: {
    title: 'Refresh',
    intro:
      'Requests a token in normal mode. WeChat returns the current token while it is valid, so no client is interrupted.',
    introClassic:
      'In classic mode WeChat issues a new token on every call, so the server calls only when this one is due.',
    introOther: (platform: string) =>
      `Requests the token from ${platform}. No client is interrupted.`,
    noForce: (platform: string) =>
      `It cannot be forced: ${platform} has no call that ends this token before its time.`,
    reason: 'Reason',
    reasonHint: 'Optional; recorded in the history',
    submit: 'Refresh',
    busy: 'Refreshing…',
    force: 'Force…',
    failed: 'The refresh failed',
    outcomes: {
      refreshed: (fingerprint: string) =>
        `Refreshed: the token is now ${fingerprint}.`,
      unchanged: (fingerprint: string) =>
        `Unchanged: ${fingerprint} is still the current token.`,
      superseded: (fingerprint: string) =>
        `Another replica, or an earlier call, has renewed it already: the token is ${fingerprint}.`,
    },
  },

  force: {
    title: 'Force a new token?',
    hurts:
      'The current token becomes invalid at once. Any client that holds a copy fails with 40001 until it has the new one.',
    hurtsClassic:
      'WeChat issues a new token and ends the current one within five minutes. Any client that holds a copy fails with 40001 from then on.',
    safe: 'Clients of this server get the new token within a second.',
    spends: (left: string, limit: string) =>
      `This uses one of the day's ${limit} forced renewals, of which ${left} are left.`,
    spendsUnknown: "This uses one of the day's 20 forced renewals.",
    typeName: (name: string) => `Type ${name} to confirm`,
    reason: 'Reason',
    submit: 'Force a new token',
    busy: 'Forcing…',
  },

  budget: {
    title: 'Forced renewals',
    left: (left: string, limit: string) => `${left} of ${limit} left today`,
    resets: (local: string, wait: string) => `Resets in ${wait} (${local})`,
    china: (time: string) => `${time} China time (UTC+8)`,
  },

  quota: {
    title: "WeChat's quota",
    intro: 'Reads the counters from WeChat. The request itself counts.',
    submit: 'Check quota',
    busy: 'Checking…',
    failed: 'The quota could not be read',
    endpoint: 'Endpoint',
    used: 'Used',
    remain: 'Left',
    limit: 'Limit',
    refused: (errcode: string) => `WeChat returned ${errcode}`,
  },
};
