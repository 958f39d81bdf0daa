import { reactionTo } from './errcodes.js';
import { UpstreamError } from './failure.js';
import type { ProbeAnswer } from './token-source.js';
import { errcodeOf } from './wechat-answer.js';
import type { WechatGateway } from './wechat-gateway.js';

/**
 * Tries an access token: 40001, 40014 and 42001 refuse it. Any other error may have another cause, and so may an answer that is not
 * WeChat's.
 */
export async function probeAccessToken(
  gateway: WechatGateway,
  value: string,
): Promise<ProbeAnswer> {
  try {
    const answer = await gateway.call({
      method: 'GET',
      path: '/cgi-bin/get_api_domain_ip',
      params: { access_token: value },
      repeatable: 'any host',
    });
    const errcode = errcodeOf(answer);
    if (errcode === undefined)
      return Array.isArray(answer['ip_list']) ? 'accepted' : 'unproven';
    const isRefused = reactionTo(errcode, 'api')?.class === 'rejected';
    return isRefused ? 'refused' : 'unproven';
  } catch (error) {
    if (error instanceof UpstreamError) return 'unproven';
    throw error;
  }
}
