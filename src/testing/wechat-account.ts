import type { FakeAccount, PlatformRules } from './fake-wechat-options.js';
import { DailyQuota, ForceBudget, PeriodLimit } from './limits.js';
import { PlatformAccount } from './platform-account.js';
import type { Refusal } from './platform-account.js';
import { TicketSpace } from './ticket-space.js';
import type { WechatTicketType } from './ticket-space.js';
import { TokenSpace } from './token-space.js';
import type { IssuedToken, TokenGrant } from './token-space.js';

/** One account of WeChat: its two token spaces, its tickets, its limits. */
export class WechatAccount extends PlatformAccount {
  readonly appId: string;
  readonly tokenSpaces: readonly [TokenSpace, TokenSpace];
  readonly ticketSpaces: readonly TicketSpace[];
  private readonly stable: TokenSpace;
  private readonly classic: TokenSpace;
  private readonly classicQuota: DailyQuota;
  private readonly stableMinute: PeriodLimit;
  private readonly stableQuota: DailyQuota;
  private readonly forceBudget: ForceBudget;
  private readonly ticketQuota: DailyQuota;

  constructor(
    { appId, appSecret }: FakeAccount,
    rules: PlatformRules,
    onToken: (token: IssuedToken) => void,
    onTicket: (value: string) => void,
  ) {
    super(appSecret);
    this.appId = appId;
    this.stable = new TokenSpace(appId, 'stable', rules, onToken);
    this.classic = new TokenSpace(appId, 'classic', rules, onToken);
    this.tokenSpaces = [this.stable, this.classic];
    this.ticketSpaces = [
      new TicketSpace('jsapi', rules, onTicket),
      new TicketSpace('wx_card', rules, onTicket),
    ];
    this.classicQuota = new DailyQuota(rules.classicDailyQuota);
    this.stableMinute = new PeriodLimit(rules.stablePerMinute, 60);
    this.stableQuota = new DailyQuota(rules.stablePerDay);
    this.forceBudget = new ForceBudget(
      rules.forceDailyBudget,
      rules.forceSpacingSeconds * 1000,
    );
    this.ticketQuota = new DailyQuota(rules.ticketDailyQuota);
  }

  classicToken(now: number): TokenGrant | Refusal {
    if (!this.classicQuota.take(now)) return { errcode: 45009 };
    return this.classic.rotateClassic(now);
  }

  stableToken(now: number, mode: 'normal' | 'force'): TokenGrant | Refusal {
    if (!this.stableMinute.take(now)) return { errcode: 45011 };
    if (!this.stableQuota.take(now)) return { errcode: 45009 };
    // Above the budget a forced call "does not refresh": it is treated as a normal one.
    const forces = mode === 'force' && this.forceBudget.take(now);
    return forces ? this.stable.forceStable(now) : this.stable.stable(now);
  }

  ticket(type: WechatTicketType, now: number): TokenGrant | Refusal {
    if (!this.ticketQuota.take(now)) return { errcode: 45009 };
    return this.ticketSpace(type).get(now);
  }

  /** The day's calls of an endpoint by its path; undefined for one that is not counted here. */
  usage(
    path: string,
    now: number,
  ): ReturnType<DailyQuota['usage']> | undefined {
    const quotas: Readonly<Record<string, DailyQuota>> = {
      '/cgi-bin/token': this.classicQuota,
      '/cgi-bin/stable_token': this.stableQuota,
      '/cgi-bin/ticket/getticket': this.ticketQuota,
    };
    return quotas[path]?.usage(now);
  }
}
