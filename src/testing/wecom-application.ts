import { fakeAppId } from './fake-wechat-options.js';
import type { FakeWecomAccount, PlatformRules } from './fake-wechat-options.js';
import { PeriodLimit } from './limits.js';
import { PlatformAccount } from './platform-account.js';
import type { Refusal } from './platform-account.js';
import { TicketSpace } from './ticket-space.js';
import { TokenSpace } from './token-space.js';
import type { IssuedToken, TokenGrant } from './token-space.js';

/** What the applications of one corp share. */
interface Corporation {
  readonly ticket: TicketSpace;
  readonly tokenLimit: PeriodLimit;
  readonly ticketLimit: PeriodLimit;
  checkUnused(secret: string): void;
}

/** One application of a corp: its secret, its tokens, its ticket, its limit. */
export class WecomApplication extends PlatformAccount {
  readonly appId: string;
  readonly tokenSpaces: readonly [TokenSpace];
  readonly ticketSpaces: readonly TicketSpace[];
  private readonly formerSecrets = new Set<string>();
  private readonly tokens: TokenSpace;
  private readonly agentTicket: TicketSpace;
  private readonly agentLimit: PeriodLimit;

  constructor(
    account: FakeWecomAccount,
    private readonly corp: Corporation,
    rules: PlatformRules,
    onToken: (token: IssuedToken) => void,
    onTicket: (value: string) => void,
  ) {
    corp.checkUnused(account.secret);
    super(account.secret);
    this.appId = fakeAppId(account);
    this.tokens = new TokenSpace(this.appId, 'wecom', rules, onToken);
    this.tokenSpaces = [this.tokens];
    this.agentTicket = new TicketSpace('agent', rules, onTicket);
    this.ticketSpaces = [corp.ticket, this.agentTicket];
    this.agentLimit = new PeriodLimit(rules.wecomAgentTicketsPerHour, 3600);
  }

  override changeSecret(newSecret: string): void {
    if (this.hasSecret(newSecret)) return;
    this.corp.checkUnused(newSecret);
    this.formerSecrets.add(this.secret);
    super.changeSecret(newSecret);
  }

  /** Whether this was its secret: a call with it is counted for the application, though refused. */
  hadSecret(secret: string): boolean {
    return this.formerSecrets.has(secret);
  }

  token(now: number): TokenGrant | Refusal {
    if (!this.corp.tokenLimit.take(now)) return { errcode: 45009 };
    return this.tokens.wecom(now);
  }

  /** The ticket for `wx.config`, which is that of the corp. */
  corpTicket(now: number): TokenGrant | Refusal {
    if (!this.corp.ticketLimit.take(now)) return { errcode: 45009 };
    return this.corp.ticket.get(now);
  }

  /** The ticket for `wx.agentConfig`. */
  ownTicket(now: number): TokenGrant | Refusal {
    if (!this.agentLimit.take(now)) return { errcode: 45009 };
    return this.agentTicket.get(now);
  }
}
