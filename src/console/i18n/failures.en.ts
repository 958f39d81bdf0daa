import type { FailureTexts, PlatformTexts, WechatCode } from './failures.js';
import { othersEn, PROBED, wecomEn } from './failures.others.en.js';

const wechat: PlatformTexts<WechatCode> = {
  classes: {
    transient: {
      title: 'WeChat did not issue a token',
      what: 'WeChat could not be reached, or its answer could not be used.',
      remedy:
        'The server retries automatically. If the failure persists, check the network and any proxy between the server and api.weixin.qq.com.',
    },
    certificate: {
      title: "WeChat's TLS certificate was refused",
      what: 'The certificate does not identify the endpoint as WeChat, so nothing was sent.',
      remedy:
        "Check the server's clock and its CA certificates. For a proxy with its own CA, set NODE_EXTRA_CA_CERTS.",
    },
    rejected: {
      title: 'WeChat rejected the token',
      what: 'The token, or the one that it depends on, is not accepted in calls to WeChat.',
      remedy:
        'The server renews it. If this recurs, another system fetches tokens for the same appid: find it, and let it read from this server.',
    },
    credentials: {
      title: "WeChat refused the account's credentials",
      what: 'The appid, the AppSecret or the mode of the account is not right.',
      remedy: `Compare appid and AppSecret with WeChat's console, correct them in the settings and restart the server. ${PROBED}`,
    },
    ip: {
      title: "WeChat does not accept the server's IP address",
      what: "The address is not in the account's IP whitelist.",
      remedy:
        "Add the address to the IP whitelist in WeChat's console. The server then retries automatically.",
    },
    quota: {
      title: "The day's quota is used up",
      what: 'WeChat issues no more tokens for this appid today.',
      remedy:
        "The quota resets at midnight, China time. Until then a token that is still valid is served. Check WeChat's quota on the page of the account's access token, and find what else fetches tokens for this appid.",
    },
    account: {
      title: 'WeChat has restricted the account',
      what: 'WeChat does not issue tokens to this account, whatever its credentials.',
      remedy: `Sign in to WeChat's console, which shows the reason and how to appeal. ${PROBED}`,
    },
  },
  codes: {
    [-1]: {
      title: 'WeChat is busy',
      what: 'WeChat answered "system error".',
      remedy: 'No action is needed: the server retries automatically.',
    },
    40001: {
      title: 'The AppSecret is wrong',
      what: 'WeChat knows the appid, but not with this AppSecret. Perhaps it was reset in the console.',
      remedy: `Copy the AppSecret from WeChat's console, correct it in the settings (WECHAT_APP_SECRET or WECHAT_ACCOUNTS) and restart the server. ${PROBED}`,
    },
    40002: {
      title: 'The request was incomplete',
      what: 'WeChat did not find a required part of the request.',
      remedy:
        'Check WECHAT_API_BASE_URL and any proxy in between. The server retries automatically.',
    },
    40013: {
      title: 'The appid is wrong',
      what: 'WeChat does not know this appid.',
      remedy: `Copy the appid from WeChat's console (it begins with "wx"), correct it in the settings and restart the server. ${PROBED}`,
    },
    40125: {
      title: 'The AppSecret is wrong',
      what: 'WeChat knows the appid, but not with this AppSecret. Perhaps it was reset in the console.',
      remedy: `Copy the AppSecret from WeChat's console, correct it in the settings (WECHAT_APP_SECRET or WECHAT_ACCOUNTS) and restart the server. ${PROBED}`,
    },
    40164: {
      title: "The server's IP address is not in the whitelist",
      what: "WeChat issues tokens only to the addresses in the account's IP whitelist.",
      remedy:
        "Add the address to the IP whitelist in WeChat's console (Settings and development › Basic configuration). The change applies within minutes; the server retries automatically.",
    },
    40243: {
      title: 'The AppSecret is frozen',
      what: "The AppSecret was frozen in WeChat's console.",
      remedy: `Unfreeze it there; that takes 10 minutes to apply. ${PROBED}`,
    },
    42007: {
      title: 'The authorization has ended',
      what: "The account's owner has changed the password, which revokes the authorization.",
      remedy: `Have the account authorized again. ${PROBED}`,
    },
    45009: {
      title: "The day's quota is used up",
      what: 'This appid has asked for more tokens today than WeChat allows.',
      remedy:
        "The quota resets at midnight, China time. Until then a token that is still valid is served. Check WeChat's quota on the page of the account's access token, and find what else fetches tokens for this appid.",
    },
    45011: {
      title: 'Too many calls per minute',
      what: 'WeChat also limits the calls per minute.',
      remedy:
        'The server waits a minute and retries. If the failure persists, something else calls WeChat with this appid.',
    },
    48004: {
      title: 'WeChat has blocked the interface',
      what: 'The account has broken a rule of WeChat, so this interface is closed to it.',
      remedy: `Sign in to WeChat's console, which shows the reason and how to appeal. ${PROBED}`,
    },
    50002: {
      title: 'The account is restricted',
      what: 'WeChat has restricted what this account may call.',
      remedy: `Sign in to WeChat's console, which shows the reason and how to appeal. ${PROBED}`,
    },
    50004: {
      title: 'The account may not fetch tokens',
      what: 'WeChat does not allow this account to use the token interface.',
      remedy: `Check the type and the state of the account in WeChat's console. ${PROBED}`,
    },
    61004: {
      title: "The server's IP address is not registered",
      what: "The address is not in the platform's IP whitelist.",
      remedy:
        'Add the address to the IP whitelist of the third-party platform. The server then retries automatically.',
    },
    61023: {
      title: 'The refresh token is not valid',
      what: 'The account has withdrawn its authorization, or it was authorized again elsewhere.',
      remedy: `Have the account authorized again. ${PROBED}`,
    },
    89501: {
      title: "The administrator must confirm the server's IP address",
      what: "WeChat has sent the account's administrator a message about a call from this address.",
      remedy:
        "Ask the administrator to confirm it on the phone, or add the address to the IP whitelist in WeChat's console. The server retries automatically, but not at once.",
    },
    89506: {
      title: "The administrator has refused the server's IP address",
      what: 'WeChat blocks the address for an hour after one refusal, for a day after two.',
      remedy:
        'Use another address, or have this one confirmed after the block. The server retries when the block has ended.',
    },
  },
};

export const failuresEn: FailureTexts = {
  WeChat: wechat,
  WeCom: wecomEn,
  other: othersEn,
  server: {
    'row-conflict': {
      title: 'Another app holds this row',
      what: 'The row in the table belongs to a token of another appid, so two apps use the same table and the same account name.',
      remedy:
        'Give one of the accounts another name, or one of the apps a schema of its own. If you have changed the appid, refresh once by force, or wait until the token has expired.',
    },
    sealed: {
      title: 'The stored failure cannot be decrypted',
      what: 'It was encrypted with a key that this server does not have.',
      remedy:
        'Add the key to TOKEN_ENCRYPTION_KEYS; the first key encrypts, all of them decrypt.',
    },
  },
  unknown: {
    title: 'The last renewal failed',
    what: 'This console does not recognize the failure.',
    remedy: 'See the server message below.',
  },
};
