import type { Account, WecomTicket } from '../../accounts/account.js';
import type { WechatTokenSettings } from '../../common/settings.js';
import { type Platform, wecom } from '../../sources/platform.js';
import { TicketSource } from './ticket.source.js';
import type { CallLimit } from '../../sources/token-source.js';
import { WECOM_TICKET_ERRCODES } from './wecom-errcodes.js';

/**
 * Source of WeCom's tickets: that of the corporation for `wx.config`, and that of the application for `wx.agentConfig`.
 * @see https://developer.work.weixin.qq.com/document/path/96909
 */
export class WecomTicketSource extends TicketSource {
  readonly id: string;
  readonly kind: string;
  readonly platform: Platform;
  readonly errcodes = WECOM_TICKET_ERRCODES;

  constructor(
    private readonly ticket: WecomTicket,
    { api }: WechatTokenSettings,
  ) {
    super();
    this.id = `wecom-${ticket}`;
    this.kind = `${ticket}_ticket`;
    this.platform = wecom(api);
  }

  limits({ platformId, application }: Account): readonly CallLimit[] {
    return this.ticket === 'corp'
      ? [{ perHour: 400, countedAs: `${this.kind}@${platformId}` }]
      : [{ perHour: 100, countedAs: `${this.kind}@${application}` }];
  }

  serves({ kind, tickets }: Account): boolean {
    return kind === 'wecom' && tickets.includes(this.ticket);
  }

  protected callFor(accessToken: string) {
    const token = { access_token: accessToken };
    return this.ticket === 'corp'
      ? { path: '/cgi-bin/get_jsapi_ticket', params: token }
      : {
          path: '/cgi-bin/ticket/get',
          params: { ...token, type: 'agent_config' },
        };
  }
}
