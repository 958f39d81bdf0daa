import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { Replica } from '../../common/replica.js';
import { WechatTokenSettings } from '../../common/settings.js';
import type { TokenName } from '../../common/token-name.js';
import { FORCE_BUDGET } from '../../renewal/policy/budget-limits.js';
import { untilChinaMidnight } from '../../renewal/policy/back-off.js';
import { TokenHours } from '../../store/token-hours.js';
import { TokenList } from '../../store/token-list.js';
import type { Caller } from '../auth/caller.js';
import { AdminQueries } from './admin-queries.js';
import type { FleetSummary, TokenStats } from './admin.types.js';
import { hourCounts, leaseHolders, wechatState } from './hour-counts.js';
import { PacedReads } from './paced-reads.js';

const SUMMARY_HOURS = 24;
const STATS_HOURS = 7 * 24;
/** Callers with different accounts whose summaries are kept. */
const MAX_SUMMARIES = 100;

/** What was counted, for operators. */
@Injectable()
export class AdminReports {
  private readonly summaries: PacedReads<FleetSummary>;

  constructor(
    private readonly queries: AdminQueries,
    private readonly list: TokenList,
    private readonly hours: TokenHours,
    private readonly replica: Replica,
    private readonly clock: Clock,
    private readonly settings: WechatTokenSettings,
  ) {
    this.summaries = new PacedReads(clock, MAX_SUMMARIES);
  }

  /** Of the tokens that the caller may see; of a moment ago, if it was costly to find. */
  summary({ accounts }: Caller): Promise<FleetSummary> {
    return this.summaries.get(JSON.stringify(accounts ?? null), () =>
      this.findSummary(accounts),
    );
  }

  /** @throws UnknownAccountError, UnknownTokenError */
  async stats(name: TokenName): Promise<TokenStats> {
    const { forcedToday: today } = await this.queries.get(name);
    const stored = await this.hours.ofTokens([name], STATS_HOURS);
    const { databaseNow } = stored;
    const limit = FORCE_BUDGET.perDay;
    const midnight = databaseNow + untilChinaMidnight(databaseNow);
    return {
      name,
      hours: hourCounts(stored, STATS_HOURS),
      forced: {
        today,
        limit,
        left: Math.max(0, limit - today),
        resetsAt: new Date(midnight).toISOString(),
      },
    };
  }

  private async findSummary(
    accounts: readonly string[] | undefined,
  ): Promise<FleetSummary> {
    const names = accounts && (await this.queries.namesOf(accounts));
    const statuses = await this.queries.statuses(names);
    const sentAt = this.clock.now();
    const counted = names
      ? { ...(await this.hours.ofTokens(names, SUMMARY_HOURS)), holders: [] }
      : await this.hoursOfAll();
    const latencyMs = Math.round(this.clock.now() - sentAt);
    return {
      at: new Date(counted.databaseNow).toISOString(),
      total: Object.values(statuses).reduce((one, other) => one + other),
      statuses,
      kinds: this.queries.kinds(names),
      hours: hourCounts(counted, SUMMARY_HOURS),
      leaseHolders: counted.holders,
      wechat: wechatState(counted),
      database: { kind: this.list.databaseKind, latencyMs },
      replica: { id: this.replica.id, role: this.settings.role },
    };
  }

  private async hoursOfAll() {
    const stored = await this.hours.ofReplicas(SUMMARY_HOURS);
    return { ...stored, holders: leaseHolders(stored) };
  }
}
