import type { Reaction } from './errcodes.js';

/** What to do when credentials were corrected in the settings. */
export const THEN_RESTART =
  'and restart, which tries it at once; by itself it is tried again within the hour.';

/** What to do when an account was corrected in the platform's console. */
export const THEN_REFRESH =
  'then refresh the token, in the console of these tokens or by TokenRefresher.refresh; by itself it is tried again within the hour.';

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
    `Correct the account's id, secret or mode in the settings ${THEN_RESTART}`,
  ip: (platform) =>
    `Add this machine's IP to the whitelist in ${platform}'s console; it will be retried automatically.`,
  // Without the database the retry comes after an hour, whatever the time in China.
  quota: () =>
    'The daily quota is exhausted and resets at midnight, China time; it will be retried automatically. Check what else fetches tokens for this appid.',
  account: (platform) =>
    `Check the account in ${platform}'s console, ${THEN_REFRESH}`,
  rejected: () =>
    'A token that it depends on is renewed first, if there is one; it will be retried automatically.',
};
