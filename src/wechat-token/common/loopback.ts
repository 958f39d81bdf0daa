/** Whether a host, as it stands in a URL or in a setting, is this machine itself: what is sent there crosses no network. */
export function isLoopback(host: string): boolean {
  return /^(?:localhost|.+\.localhost|127(?:\.\d+){3}|\[?::1\]?)$/i.test(host);
}
