/** One set of credentials that the fake platform knows. */
export interface FakeAccount {
  readonly appId: string;
  readonly appSecret: string;
}

/** The account of a `FakeWechat` without the option `accounts`. */
export const DEFAULT_FAKE_ACCOUNT: FakeAccount = Object.freeze({
  appId: 'wx_fake_app',
  appSecret: 'fake-secret-0123456789abcdef0123',
});

/** The platform's limits and durations. The defaults are those that WeChat documents. */
export interface PlatformRules {
  /** Lifetime of access tokens and tickets, seconds. Default: 7200. */
  readonly lifeSeconds: number;
  /**
   * How long the old and the new token are both valid, seconds; in stable mode
   * also the last part of a token's life, in which the platform rotates it.
   * Default: `min(300, lifeSeconds / 3)`. At most half of the lifetime.
   */
  readonly overlapSeconds: number;
  /** Calls of `/cgi-bin/token` per account and China day. Default: 2000. */
  readonly classicDailyQuota: number;
  /** Calls of `/cgi-bin/stable_token` per account and minute. Default: 10 000. */
  readonly stablePerMinute: number;
  /** Calls of `/cgi-bin/stable_token` per account and China day. Default: 500 000. */
  readonly stablePerDay: number;
  /** Forced refreshes per account and China day. Default: 20. */
  readonly forceDailyBudget: number;
  /** Minimum time between two forced refreshes, seconds. Default: 30. */
  readonly forceSpacingSeconds: number;
  /**
   * Calls of `/cgi-bin/ticket/getticket` per account and China day. The
   * documentation says only that the quota is small. Default: 100.
   */
  readonly ticketDailyQuota: number;
}

export interface FakeWechatOptions extends Partial<PlatformRules> {
  /** Accounts that exist from the start. Default: `DEFAULT_FAKE_ACCOUNT`. */
  readonly accounts?: readonly FakeAccount[];
  /** TCP port; 0, the default, takes any free one. */
  readonly port?: number;
  /** Address to listen on. Default: 127.0.0.1. */
  readonly host?: string;
  /**
   * The initial time of the platform's clock, for tests of the end of a day
   * (midnight in China is 16:00 UTC). Default: now.
   */
  readonly startAt?: Date;
}

/** Fills in the defaults. @throws RangeError that names the invalid option */
export function platformRules(options: FakeWechatOptions): PlatformRules {
  const lifeSeconds = options.lifeSeconds ?? 7200;
  const rules: PlatformRules = {
    lifeSeconds,
    overlapSeconds: options.overlapSeconds ?? Math.min(300, lifeSeconds / 3),
    classicDailyQuota: options.classicDailyQuota ?? 2000,
    stablePerMinute: options.stablePerMinute ?? 10_000,
    stablePerDay: options.stablePerDay ?? 500_000,
    forceDailyBudget: options.forceDailyBudget ?? 20,
    forceSpacingSeconds: options.forceSpacingSeconds ?? 30,
    ticketDailyQuota: options.ticketDailyQuota ?? 100,
  };
  for (const [name, value] of Object.entries(rules)) {
    if (!(value >= 0)) throw new RangeError(`${name} must not be negative.`);
  }
  // expires_in is an integer, so a shorter lifetime cannot be expressed.
  if (rules.lifeSeconds < 1) {
    throw new RangeError('lifeSeconds must be at least 1.');
  }
  // The platform keeps two tokens; a longer overlap would need a third.
  if (rules.overlapSeconds > rules.lifeSeconds / 2) {
    throw new RangeError('overlapSeconds must be at most half of lifeSeconds.');
  }
  return rules;
}
