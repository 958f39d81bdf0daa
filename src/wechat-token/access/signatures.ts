import { createHash } from 'node:crypto';
import { InvalidArgumentError } from '../common/errors.js';
import { signatureMessages } from './signature.messages.js';

/** What the signature of a web page is computed over. */
interface JsapiSignatureParts {
  /** The ticket: `jsapi_ticket`, or WeCom's `corp_ticket` or `agent_ticket`. */
  readonly ticket: string;
  readonly nonceStr: string;
  /** Whole seconds since 1970-01-01 UTC. */
  readonly timestamp: number;
  /** The page, as {@link pageUrl} returns it. */
  readonly url: string;
}

/**
 * The signature of a web page for `wx.config` and `wx.agentConfig`: SHA-1, 40 hex digits. The values are used as they are; nothing
 * is percent-encoded.
 * @see https://developers.weixin.qq.com/doc/offiaccount/OA_Web_Apps/JS-SDK.html appendix 1
 * @see https://developer.work.weixin.qq.com/document/path/96909
 */
export function jsapiSignature(parts: JsapiSignatureParts): string {
  const { ticket, nonceStr, timestamp, url } = parts;
  return sha1(
    `jsapi_ticket=${ticket}&noncestr=${nonceStr}&timestamp=${timestamp}&url=${url}`,
  );
}

/**
 * The signature of a card, in `cardExt` and for `wx.chooseCard`: SHA-1, 40 hex digits, of the values in the order of their code units, one
 * after the other. An empty value changes nothing.
 * @see https://developers.weixin.qq.com/doc/offiaccount/OA_Web_Apps/JS-SDK.html appendix 4
 */
export function cardSignature(values: readonly string[]): string {
  // By code unit, which is the default: the order of a locale is another one.
  return sha1(values.toSorted().join(''));
}

/** Blanks and control characters would be cut off or encoded by the browser, and what is not ASCII is encoded in `location.href`. */
const PAGE_URL = /^https?:\/\/[!-~]+$/;

/**
 * The part of a page's address that is signed: all before the `#`, otherwise unchanged.
 * @param url What the page has as `location.href`.
 * @throws InvalidArgumentError when that is not an absolute http or https URL in printable ASCII.
 */
export function pageUrl(url: string): string {
  const page = typeof url === 'string' ? url.replace(/#.*/s, '') : '';
  if (!PAGE_URL.test(page) || !URL.canParse(page))
    throw new InvalidArgumentError(signatureMessages.badPageUrl(), 'url');
  return page;
}

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}
