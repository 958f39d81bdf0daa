import { randomBytes } from 'node:crypto';
import type { FakeAccount, PlatformRules } from './fake-wechat-options.js';
import { DailyQuota, ForceBudget, MinuteLimit } from './limits.js';
import { TokenSpace } from './token-space.js';
import type { IssuedToken, TokenGrant, TokenKind } from './token-space.js';

export const TICKET_TYPES = ['jsapi', 'wx_card'] as const;
export type TicketType = (typeof TICKET_TYPES)[number];

/** A refusal, by the platform's errcode. */
export interface Refusal {
  readonly errcode: number;
}

interface Ticket {
  readonly value: string;
  readonly expiresAt: number;
}

/** One account: its secret, its two token spaces, its tickets, its limits. */
export class PlatformAccount {
  readonly appId: string;
  /** A revoked account: every token is refused, old ones and new ones. */
  revoked = false;
  private appSecret: string;
  private readonly spaces: Readonly<Record<TokenKind, TokenSpace>>;
  private readonly tickets = new Map<TicketType, Ticket>();
  private readonly classicQuota: DailyQuota;
  private readonly stableMinute: MinuteLimit;
  private readonly stableQuota: DailyQuota;
  private readonly forceBudget: ForceBudget;
  private readonly ticketQuota: DailyQuota;

  constructor(
    account: FakeAccount,
    private readonly rules: PlatformRules,
    onIssued: (token: IssuedToken) => void,
  ) {
    this.appId = account.appId;
    this.appSecret = account.appSecret;
    this.spaces = {
      classic: new TokenSpace(this.appId, 'classic', rules, onIssued),
      stable: new TokenSpace(this.appId, 'stable', rules, onIssued),
    };
    this.classicQuota = new DailyQuota(rules.classicDailyQuota);
    this.stableMinute = new MinuteLimit(rules.stablePerMinute);
    this.stableQuota = new DailyQuota(rules.stablePerDay);
    this.forceBudget = new ForceBudget(
      rules.forceDailyBudget,
      rules.forceSpacingSeconds * 1000,
    );
    this.ticketQuota = new DailyQuota(rules.ticketDailyQuota);
  }

  changeSecret(newSecret: string): void {
    this.appSecret = newSecret;
  }

  hasSecret(secret: string): boolean {
    return this.appSecret === secret;
  }

  classicToken(now: number): TokenGrant | Refusal {
    if (!this.classicQuota.take(now)) return { errcode: 45009 };
    return this.spaces.classic.rotateClassic(now);
  }

  stableToken(now: number, mode: 'normal' | 'force'): TokenGrant | Refusal {
    if (!this.stableMinute.take(now)) return { errcode: 45011 };
    if (!this.stableQuota.take(now)) return { errcode: 45009 };
    // Above the budget a forced call "does not refresh": it is treated as a normal one.
    const forces = mode === 'force' && this.forceBudget.take(now);
    return forces
      ? this.spaces.stable.forceStable(now)
      : this.spaces.stable.stable(now);
  }

  /** Issues a ticket. `expiresIn` is the full lifetime even for a repeated call, as users report. */
  ticket(type: TicketType, now: number): TokenGrant | Refusal {
    if (!this.ticketQuota.take(now)) return { errcode: 45009 };
    const known = this.tickets.get(type);
    const ticket = known && now < known.expiresAt ? known : this.newTicket(now);
    this.tickets.set(type, ticket);
    return {
      value: ticket.value,
      expiresIn: Math.floor(this.rules.lifeSeconds),
    };
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

  /** Issues a token to another program, without counting it in the budgets. */
  fetchElsewhere(mode: 'classic' | 'stable-forced', now: number): TokenGrant {
    return mode === 'classic'
      ? this.spaces.classic.rotateClassic(now)
      : this.spaces.stable.forceStable(now);
  }

  space(kind: TokenKind): TokenSpace {
    return this.spaces[kind];
  }

  private newTicket(now: number): Ticket {
    return {
      value: randomBytes(64).toString('base64url'),
      expiresAt: now + this.rules.lifeSeconds * 1000,
    };
  }
}
