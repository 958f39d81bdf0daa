import type { Account, WechatTicket } from '../../accounts/account.js';
import type { WechatTokenSettings } from '../../common/settings.js';
import { type Platform, wechat } from '../../sources/platform.js';
import { TicketSource } from './ticket.source.js';
import { WECHAT_TICKET_ERRCODES } from './wechat-errcodes.js';

/**
 * Source of the tickets of official accounts, `GET /cgi-bin/ticket/getticket`.
 * @see https://developers.weixin.qq.com/doc/service/api/webdev/jssdk/api_getticket
 */
export class WechatTicketSource extends TicketSource {
  readonly id: string;
  readonly kind: string;
  readonly platform: Platform;
  readonly errcodes = WECHAT_TICKET_ERRCODES;

  constructor(
    private readonly type: WechatTicket,
    { api }: WechatTokenSettings,
  ) {
    super();
    this.id = type;
    this.kind = `${type}_ticket`;
    this.platform = wechat(api);
  }

  serves({ isOfWechat, tickets }: Account): boolean {
    return isOfWechat && tickets.includes(this.type);
  }

  protected callFor(accessToken: string) {
    const params = { access_token: accessToken, type: this.type };
    return { path: '/cgi-bin/ticket/getticket', params };
  }
}
