import type { AxiosProxyConfig } from 'axios';
import { getProxyForUrl } from 'proxy-from-env';
import { isLoopback } from '../common/loopback.js';

/** A proxy on the way to a host. */
export interface Proxy {
  /** Without user and password, such as `http://10.0.0.5:3128`. */
  readonly address: string;
  /** What to correct: the option, or the environment variable. */
  readonly setting: string;
}

/** The proxy that requests to this URL pass: that of the option, or else that of the environment, but for loopback. */
export function proxyTo(
  url: string,
  proxyUrl: string | undefined,
): Proxy | undefined {
  if (proxyUrl !== undefined)
    return {
      address: addressOf(proxyUrl),
      setting: 'api.proxyUrl (WECHAT_PROXY_URL)',
    };
  const inEnvironment = getProxyForUrl(url);
  if (!inEnvironment || isLoopback(new URL(url).hostname)) return undefined;
  return { address: addressOf(inEnvironment), setting: variableFor(url) };
}

/** The same as axios takes it; without one, axios reads the environment. */
export function axiosProxy(
  url: string,
  proxyUrl: string | undefined,
): { proxy?: AxiosProxyConfig | false } {
  if (proxyUrl !== undefined) return { proxy: proxyConfig(proxyUrl) };
  return isLoopback(new URL(url).hostname) ? { proxy: false } : {};
}

function proxyConfig(proxyUrl: string): AxiosProxyConfig {
  const { protocol, hostname, port, username, password } = new URL(proxyUrl);
  const auth = {
    username: decodeURIComponent(username),
    password: decodeURIComponent(password),
  };
  return {
    protocol,
    host: hostname,
    port: Number(port) || (protocol === 'https:' ? 443 : 80),
    ...(username && { auth }),
  };
}

/** The variable that `getProxyForUrl` has read. */
function variableFor(url: string): string {
  const own = `${new URL(url).protocol.slice(0, -1)}_proxy`;
  const names = [own, own.toUpperCase(), 'all_proxy', 'ALL_PROXY'];
  return names.find((name) => process.env[name]) ?? own.toUpperCase();
}

function addressOf(proxyUrl: string): string {
  if (!URL.canParse(proxyUrl)) return '?';
  const { protocol, host } = new URL(proxyUrl);
  return `${protocol}//${host}`;
}
