/** What becomes of a verdict on an account or its credentials. */
const PROBED =
  'what was corrected is tried at once, and without that WeChat is asked again after 1, 5 and 15 minutes, then every 30 to 60, or when the token is refreshed manually (TokenRefresher.refresh, or the admin API).';

/** What to do about a refusal of WeChat's. */
export function advice(errcode: number, failureClass: string): string {
  // 40001 has two meanings; this one is about the token that was sent, not the secret.
  if (failureClass === 'rejected') return ADVICE.rejected;
  switch (errcode) {
    case 40001:
    case 40125:
      return `Correct the appSecret (WECHAT_APP_SECRET, or appSecret in WECHAT_ACCOUNTS) and restart; ${PROBED}`;
    case 40013:
      return `Correct the appId (WECHAT_APP_ID, or appId in WECHAT_ACCOUNTS) and restart; ${PROBED}`;
    case 40243:
      return `The AppSecret is frozen: unfreeze it in WeChat's console, which takes 10 minutes to apply; ${PROBED}`;
    case 40002:
    case 41002:
    case 41004:
    case 43002:
      return 'WeChat did not get the request as it was sent: check api.baseUrl (WECHAT_API_BASE_URL) and any proxies in between. It will be retried automatically.';
    case 89506:
    case 89507:
      return "The account's administrator has refused this machine's IP, and WeChat blocks it for a time: it will be retried after that. Use another IP, or have this one confirmed and refresh the token manually (TokenRefresher.refresh, or the admin API).";
    case 89501:
    case 89502:
    case 89503:
    case 89504:
    case 89505:
      return "The account's administrator must confirm this machine's IP, for which WeChat has sent a message, or add it to the whitelist in WeChat's console; it will be retried automatically, but not at once.";
    default:
      return ADVICE[failureClass] ?? ADVICE.transient;
  }
}

const ADVICE: Readonly<Record<string, string>> & {
  transient: string;
  rejected: string;
} = {
  transient: 'It will be retried automatically.',
  credentials: `Check the account's appId, appSecret and mode; ${PROBED}`,
  ip: "Add this machine's IP to the whitelist in WeChat's console; it will be retried automatically.",
  // Without the database the retry comes after an hour, whatever the time in China.
  quota:
    'The daily quota is exhausted and resets at midnight, China time; it will be retried automatically. Check what else fetches tokens for this appid.',
  account: `Check the account in WeChat's console; ${PROBED}`,
  rejected: 'The token that it depends on is renewed first.',
};
