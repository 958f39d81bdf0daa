import { Injectable } from '@nestjs/common';
import { WechatApiClient } from '../../access/wechat-api.client.js';
import { Clock } from '../../common/clock.js';
import { isWechatApiError } from '../../common/errors.js';
import { RateWindow } from '../../common/rate-window.js';
import { WechatTokenSettings } from '../../common/settings.js';
import { SingleFlight } from '../../common/single-flight.js';
import { parseTokenName, type TokenName } from '../../common/token-name.js';
import {
  type RenewalTarget,
  RenewalTargets,
} from '../../renewal/policy/renewal-target.js';
import { HttpProblem } from '../problem/http-problem.js';
import { adminMessages } from './admin.messages.js';
import type { QuotaView } from './admin.types.js';

type QuotaItem = QuotaView['items'][number];

const ASKED = '/cgi-bin/openapi/quota/get';
const PATHS = [
  '/cgi-bin/token',
  '/cgi-bin/stable_token',
  '/cgi-bin/ticket/getticket',
];
const PER_MINUTE = { limit: 5, windowMs: 60_000 };

/** WeChat's own counters of the calls that issue tokens. */
@Injectable()
export class AdminQuotas {
  private readonly flights = new SingleFlight<QuotaView>();
  /** By appid. */
  private readonly asked: RateWindow;

  constructor(
    private readonly api: WechatApiClient,
    private readonly targets: RenewalTargets,
    private readonly settings: WechatTokenSettings,
    clock: Clock,
  ) {
    const bound = { maxKeys: 1000, whenFull: 'share' } as const;
    this.asked = new RateWindow(clock, { ...PER_MINUTE, ...bound });
  }

  /**
   * Asks WeChat: one call for each path. Requests for one token at the same time share them.
   * @throws HttpProblem on a reader, for another kind of token, and when WeChat was asked too often; WechatApiError without a usable
   * answer; TokenUnavailableError, UnknownAccountError, UnknownTokenError
   */
  async of(name: TokenName): Promise<QuotaView> {
    if (this.settings.role === 'reader')
      throw new HttpProblem(503, adminMessages.readerCannotAsk());
    const target = await this.targets.get(name);
    if (!hasQuota(target))
      throw new HttpProblem(404, adminMessages.noQuota(name));
    return this.flights.run(name, () => this.ask(target));
  }

  private async ask({ name, account }: RenewalTarget): Promise<QuotaView> {
    const { appId } = account;
    if (!this.asked.hit(appId)) {
      const retryAfter = Math.ceil(this.asked.blockedMs(appId) / 1000);
      const detail = adminMessages.quotaAskedTooOften(PER_MINUTE.limit);
      throw new HttpProblem(429, detail, { retryAfter });
    }
    const items: QuotaItem[] = [];
    for (const path of PATHS)
      items.push(await this.quotaOf(path, account.name));
    return { name, items };
  }

  private async quotaOf(path: string, account: string): Promise<QuotaItem> {
    try {
      const answer = await this.api.post<{ quota?: RawQuota }>(
        ASKED,
        { cgi_path: path },
        { account },
      );
      const { daily_limit, used, remain } = answer.quota ?? {};
      return {
        path,
        dailyLimit: numberIn(daily_limit),
        used: numberIn(used),
        remain: numberIn(remain),
        error: null,
      };
    } catch (error) {
      const isOfThisPath = isWechatApiError(error) && error.class === 'api';
      if (!isOfThisPath || error.errcode === undefined) throw error;
      const { errcode, errmsg: message } = error;
      const nothing = { dailyLimit: null, used: null, remain: null };
      return { path, ...nothing, error: { errcode, message } };
    }
  }
}

type RawQuota = Readonly<
  Record<'daily_limit' | 'used' | 'remain', unknown>
> | null;

/** WeChat answers for an access token of its own, which the call is made with. */
function hasQuota({ name, account }: RenewalTarget): boolean {
  return parseTokenName(name).kind === 'access_token' && account.isOfWechat;
}

function numberIn(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}
