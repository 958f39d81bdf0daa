import type { World } from '../support/world.js';

/** A call of WeChat with a token as it is, without a retry. @returns WeChat's errcode */
export async function callOnce(
  { wechat }: World,
  token: string,
): Promise<number> {
  const query = new URLSearchParams({ access_token: token });
  const url = `${wechat.baseUrl}/cgi-bin/menu/get?${query.toString()}`;
  const { errcode } = (await (await fetch(url)).json()) as { errcode: number };
  return errcode;
}
