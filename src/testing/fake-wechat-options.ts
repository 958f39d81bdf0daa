/** One account of WeChat that the fake platform knows. */
export interface FakeAccount {
  readonly appId: string;
  readonly appSecret: string;
}

/**
 * One application of a WeCom corp that the fake platform knows. Applications of
 * one corp have the same `corpId`, and tokens of their own.
 */
export interface FakeWecomAccount {
  readonly corpId: string;
  readonly agentId: string;
  /** The corpsecret of the application, different from those of the corp's other applications. */
  readonly secret: string;
}

/**
 * The name of an account wherever the fake takes or reports an `appId`: the
 * appid, or `corpId/agentId` for a WeCom application.
 */
export function fakeAppId(account: FakeAccount | FakeWecomAccount): string {
  return 'appId' in account
    ? account.appId
    : `${account.corpId}/${account.agentId}`;
}

/** The account of a `FakeWechat` without the option `accounts`. */
export const DEFAULT_FAKE_ACCOUNT: FakeAccount = Object.freeze({
  appId: 'wx_fake_app',
  appSecret: 'fake-secret-0123456789abcdef0123',
});

/** A WeCom application for tests. A `FakeWechat` has it only if it is given in `accounts` or added. */
export const DEFAULT_FAKE_WECOM_ACCOUNT: FakeWecomAccount = Object.freeze({
  corpId: 'ww_fake_corp',
  agentId: '1000002',
  secret: 'fake-wecom-secret-0123456789abcdef0123456789',
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
  /** Calls of WeCom's `gettoken` per corp and minute. Default: 10 000. */
  readonly wecomTokensPerMinute: number;
  /** Calls of WeCom's `get_jsapi_ticket` per corp and hour. Default: 400. */
  readonly wecomCorpTicketsPerHour: number;
  /** Calls of WeCom's `ticket/get` per application and hour. Default: 100. */
  readonly wecomAgentTicketsPerHour: number;
  /**
   * The `expires_in` of a repeated call of WeCom's `gettoken`, which its
   * documentation does not define: `lifeSeconds` again, or what is left of the
   * token's life. Default: 'full'.
   */
  readonly wecomRepeatedLife: 'full' | 'rest';
}

export interface FakeWechatOptions extends Partial<PlatformRules> {
  /** Accounts that exist from the start. Default: `DEFAULT_FAKE_ACCOUNT`. */
  readonly accounts?: readonly (FakeAccount | FakeWecomAccount)[];
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
    wecomTokensPerMinute: options.wecomTokensPerMinute ?? 10_000,
    wecomCorpTicketsPerHour: options.wecomCorpTicketsPerHour ?? 400,
    wecomAgentTicketsPerHour: options.wecomAgentTicketsPerHour ?? 100,
    wecomRepeatedLife: options.wecomRepeatedLife ?? 'full',
  };
  const { wecomRepeatedLife, ...numbers } = rules;
  for (const [name, value] of Object.entries(numbers)) {
    if (!(value >= 0)) throw new RangeError(`${name} must not be negative.`);
  }
  if (!['full', 'rest'].includes(wecomRepeatedLife)) {
    throw new RangeError("wecomRepeatedLife must be 'full' or 'rest'.");
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
