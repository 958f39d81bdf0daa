import type { Reaction } from './errcodes.js';

/** What becomes of a verdict on an account or its credentials. */
export const PROBED =
  'what was corrected is tried at once, and without that the platform is asked again after 1, 5 and 15 minutes, then every 30 to 60, or when the token is refreshed manually (TokenRefresher.refresh, or the admin API).';

/** What to do about a refusal. @param platform Its name, such as `WeChat`. */
export function adviceFor(reaction: Reaction, platform: string): string {
  const { advice, waitSeconds } = reaction;
  if (advice !== undefined) return advice;
  const isShort = reaction.class === 'quota' && waitSeconds !== undefined;
  return isShort
    ? `${platform} limits such calls; it will be retried automatically after that.`
    : BY_CLASS[reaction.class](platform);
}

const BY_CLASS: Readonly<
  Record<Reaction['class'], (platform: string) => string>
> = {
  transient: () => 'It will be retried automatically.',
  certificate: () => 'It will be retried automatically.',
  credentials: () =>
    `Check the account's id, secret and mode in the settings; ${PROBED}`,
  ip: (platform) =>
    `Add this machine's IP to the whitelist in ${platform}'s console; it will be retried automatically.`,
  // Without the database the retry comes after an hour, whatever the time in China.
  quota: () =>
    'The daily quota is exhausted and resets at midnight, China time; it will be retried automatically. Check what else fetches tokens for this appid.',
  account: (platform) =>
    `Check the account in ${platform}'s console; ${PROBED}`,
  rejected: () =>
    'A token that it depends on is renewed first, if there is one; it will be retried automatically.',
};
