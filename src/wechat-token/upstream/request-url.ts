/** No white space, control character, backslash or fragment, and one slash at the beginning. */
const PATH = /^\/(?!\/)[^\s\\#\p{Cc}\p{Cf}]*$/u;

/**
 * The URL of a path on a host; undefined for what is no absolute path of that host, or sets the token itself. The token goes with
 * the request, so what is returned is what was looked at.
 * @param base Such as `https://api.weixin.qq.com`, or that with a path of a proxy's.
 */
export function requestUrl(base: string, path: string): string | undefined {
  if (!PATH.test(path) || !URL.canParse(base + path)) return undefined;
  const root = new URL(`${base}/`);
  const url = new URL(base + path);
  const isBelow =
    url.origin === root.origin && url.pathname.startsWith(root.pathname);
  return isBelow && !hasToken(url.searchParams.keys()) ? url.href : undefined;
}

/** Whether one of these query parameters is the access token. */
export function hasToken(parameters: Iterable<string>): boolean {
  for (const name of parameters)
    if (name.toLowerCase() === 'access_token') return true;
  return false;
}
