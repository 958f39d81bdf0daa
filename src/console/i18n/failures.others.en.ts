import type { PlatformTexts, WecomCode } from './failures.js';

export const PROBED =
  'The server retries after 1, 5 and 15 minutes, then every 30 to 60; a refresh retries at once.';

/** What is said of any platform but WeChat. */
export const othersEn = (platform: string): PlatformTexts<never> => ({
  classes: {
    transient: {
      title: `${platform} did not issue a token`,
      what: `${platform} could not be reached, or its answer could not be used.`,
      remedy:
        'The server retries automatically. If the failure persists, check the network and any proxy between the server and the platform.',
    },
    certificate: {
      title: `${platform}'s TLS certificate was refused`,
      what: `The certificate does not identify the endpoint as ${platform}, so nothing was sent.`,
      remedy:
        "Check the server's clock and its CA certificates. For a proxy with its own CA, set NODE_EXTRA_CA_CERTS.",
    },
    rejected: {
      title: `${platform} rejected the token`,
      what: `The token, or the one that it depends on, is not accepted in calls to ${platform}.`,
      remedy: 'The server renews it.',
    },
    credentials: {
      title: `${platform} refused the account's credentials`,
      what: 'The id or the secret of the account is not right.',
      remedy: `Compare them with the platform's console, correct them in the settings and restart the server. ${PROBED}`,
    },
    ip: {
      title: `${platform} does not accept the server's IP address`,
      what: 'The address is not among those that the platform trusts.',
      remedy:
        "Add the address in the platform's console. The server then retries automatically.",
    },
    quota: {
      title: 'The quota is used up',
      what: `${platform} accepts no more such calls for the time being.`,
      remedy:
        'The server retries when the limit has ended. Until then a token that is still valid is served. Find what else makes such calls with these credentials.',
    },
    account: {
      title: `${platform} has restricted the account`,
      what: `${platform} does not issue tokens to this account, whatever its credentials.`,
      remedy: `Sign in to the platform's console, which shows the reason. ${PROBED}`,
    },
  },
  codes: {},
});

const SECRET = `correct it in the settings (WECHAT_ACCOUNTS) and restart the server. ${PROBED}`;

export const wecomEn: PlatformTexts<WecomCode> = {
  ...othersEn('WeCom'),
  codes: {
    [-1]: {
      title: 'WeCom is busy',
      what: 'WeCom answered "system error".',
      remedy: 'No action is needed: the server retries automatically.',
    },
    40001: {
      title: 'The secret is wrong',
      what: 'WeCom does not accept this secret for the corporation. Each application has a secret of its own; perhaps it was reset.',
      remedy: `Copy the secret from the application's page in the WeCom admin console, ${SECRET}`,
    },
    40013: {
      title: 'The corpid is wrong',
      what: 'WeCom does not know this corpid.',
      remedy: `Copy the corpid from "My Company" in the WeCom admin console, ${SECRET}`,
    },
    41002: {
      title: 'The request was incomplete',
      what: 'WeCom did not find the corpid or the secret in the request.',
      remedy:
        'Check the account in WECHAT_ACCOUNTS, WECOM_API_BASE_URL and any proxy in between.',
    },
    45009: {
      title: 'Too many calls',
      what: 'WeCom limits the calls of a minute and of an hour, by corporation and by IP address.',
      remedy:
        'The server retries after a minute, or after an hour. Until then a token that is still valid is served. If this recurs, find what else calls WeCom for this corporation.',
    },
    45033: {
      title: 'Too many calls at the same time',
      what: 'WeCom also limits the calls that run at the same time.',
      remedy: 'No action is needed: the server retries within seconds.',
    },
    50003: {
      title: 'The application is disabled',
      what: 'The application was disabled in the WeCom admin console.',
      remedy: `Enable it there. ${PROBED}`,
    },
    60020: {
      title: "The server's IP address is not trusted",
      what: 'The address is not among the trusted IPs of the application.',
      remedy:
        "Add the address to the trusted IPs on the application's page in the WeCom admin console. The change applies after about a minute; the server retries automatically.",
    },
  },
};
