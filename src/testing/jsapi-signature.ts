import { createHash } from 'node:crypto';

/** What a page passes to `wx.config` or `wx.agentConfig`, and its address. */
export interface JsapiSignature {
  /** The address of the page. What follows `#` is not signed. */
  readonly url: string;
  /** Epoch seconds. */
  readonly timestamp: number | string;
  readonly nonceStr: string;
  /** SHA-1 in lower-case hex. */
  readonly signature: string;
}

/** The signature that the platform computes for a page, to compare with the page's. */
export function jsapiSignature(
  ticket: string,
  { url, timestamp, nonceStr }: Omit<JsapiSignature, 'signature'>,
): string {
  const page = url.replace(/#.*$/s, '');
  const signed = `jsapi_ticket=${ticket}&noncestr=${nonceStr}&timestamp=${timestamp}&url=${page}`;
  return createHash('sha1').update(signed).digest('hex');
}
