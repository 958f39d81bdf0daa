import type { PlatformRules } from './fake-wechat-options.js';
import { PeriodLimit } from './limits.js';
import { TicketSpace } from './ticket-space.js';
import type { WecomApplication } from './wecom-application.js';

/** One corp of WeCom: its applications, and what they share. */
export class WecomCorp {
  readonly ticket: TicketSpace;
  readonly tokenLimit: PeriodLimit;
  readonly ticketLimit: PeriodLimit;
  private readonly applications: WecomApplication[] = [];

  constructor(
    readonly corpId: string,
    rules: PlatformRules,
    onTicket: (value: string) => void,
  ) {
    this.ticket = new TicketSpace('corp', rules, onTicket);
    this.tokenLimit = new PeriodLimit(rules.wecomTokensPerMinute, 60);
    this.ticketLimit = new PeriodLimit(rules.wecomCorpTicketsPerHour, 3600);
  }

  add(application: WecomApplication): void {
    this.applications.push(application);
  }

  /** The application with this secret: the platform tells the applications of a corp apart by it alone. */
  withSecret(secret: string): WecomApplication | undefined {
    return this.applications.find((each) => each.hasSecret(secret));
  }

  /** The application whose secret this is or was. */
  withAnySecret(secret: string): WecomApplication | undefined {
    return (
      this.withSecret(secret) ??
      this.applications.find((each) => each.hadSecret(secret))
    );
  }

  /** @throws Error when an application of the corp has this secret */
  checkUnused(secret: string): void {
    const owner = this.withSecret(secret);
    if (owner) {
      throw new Error(
        `FakeWechat: ${owner.appId} has this secret already. Give each application of a corp its own.`,
      );
    }
  }
}
