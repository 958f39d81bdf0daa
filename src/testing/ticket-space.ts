import { randomBytes } from 'node:crypto';
import type { PlatformRules } from './fake-wechat-options.js';
import type { TokenGrant } from './token-space.js';

export const WECHAT_TICKET_TYPES = ['jsapi', 'wx_card'] as const;
export type WechatTicketType = (typeof WECHAT_TICKET_TYPES)[number];

/**
 * The types of tickets: `jsapi` and `wx_card` of an account of WeChat; `corp` (for
 * `wx.config`) and `agent` (for `wx.agentConfig`) of a WeCom application, where
 * the applications of one corp share the `corp` ticket.
 */
export type TicketType = WechatTicketType | 'corp' | 'agent';

/** The tickets of one type of one account, or of one corp. */
export class TicketSpace {
  private count = 0;
  private current: { value: string; expiresAt: number } | undefined;

  constructor(
    readonly type: TicketType,
    private readonly rules: PlatformRules,
    private readonly onIssued: (value: string) => void,
  ) {}

  /** The number of distinct values issued. */
  get issued(): number {
    return this.count;
  }

  /** The current ticket, else a new one. `expiresIn` is the full lifetime even for a repeated call, as users report. */
  get(now: number): TokenGrant {
    return {
      value: this.currentAt(now) ?? this.issue(now),
      expiresIn: Math.floor(this.rules.lifeSeconds),
    };
  }

  /** The current ticket, if there is one. */
  currentAt(now: number): string | undefined {
    const { current } = this;
    return current && now < current.expiresAt ? current.value : undefined;
  }

  /** Ends the current ticket; the next call issues a new one. */
  drop(): void {
    this.current = undefined;
  }

  private issue(now: number): string {
    const value = randomBytes(64).toString('base64url');
    this.current = { value, expiresAt: now + this.rules.lifeSeconds * 1000 };
    this.count += 1;
    this.onIssued(value);
    return value;
  }
}
