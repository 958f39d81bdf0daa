// Which kinds of token does this package know?

import type { WechatTokenSettings } from '../../common/settings.js';
import type { TokenSource } from '../../sources/token-source.js';
import { ClassicTokenSource } from './classic-token.source.js';
import { StableTokenSource } from './stable-token.source.js';
import { WechatTicketSource } from './wechat-ticket.source.js';
import { WecomTicketSource } from './wecom-ticket.source.js';
import { WecomTokenSource } from './wecom-token.source.js';

/** The sources of this package. Each serves the accounts that it says. */
export function builtInSources(settings: WechatTokenSettings): TokenSource[] {
  return [
    new StableTokenSource(settings),
    new ClassicTokenSource(settings),
    new WechatTicketSource('jsapi', settings),
    new WechatTicketSource('wx_card', settings),
    new WecomTokenSource(settings),
    new WecomTicketSource('corp', settings),
    new WecomTicketSource('agent', settings),
  ];
}
