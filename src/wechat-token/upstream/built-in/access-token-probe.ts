import type { ProbeRequest } from '../../sources/token-source.js';
import { WECHAT_TOKEN_ERRCODES } from './wechat-errcodes.js';

/** Tries an access token of WeChat. An answer that is not WeChat's proves nothing. */
export async function probeAccessToken({
  value,
  call,
}: ProbeRequest): Promise<boolean> {
  const answer = await call({
    method: 'GET',
    path: '/cgi-bin/get_api_domain_ip',
    params: { access_token: value },
    repeatable: 'any host',
    errcodes: WECHAT_TOKEN_ERRCODES,
  });
  return Array.isArray(answer['ip_list']);
}
