import type { PlatformTexts, WecomCode } from './failures.js';

export const PROBED =
  '服务端会在 1、5、15 分钟后各重试一次，此后每 30～60 分钟重试一次；手动刷新则立即重试。';

const NAMES: Readonly<Record<string, string>> = {
  WeChat: '微信',
  WeCom: '企业微信',
};

/** A platform as Chinese calls it. */
export const platformZh = (platform: string) =>
  NAMES[platform] ?? `“${platform}”`;

const classes = (platform: string): PlatformTexts<never>['classes'] => ({
  transient: {
    title: `${platform}未签发凭证`,
    what: `无法连接${platform}接口，或${platform}的响应无效。`,
    remedy:
      '服务端会自动重试。如果持续失败，请检查服务器到该平台的网络，以及中间的代理。',
  },
  certificate: {
    title: `${platform}的 TLS 证书校验失败`,
    what: `无法确认对端是${platform}服务器，因此未发送任何数据。`,
    remedy:
      '请检查服务器时间和 CA 证书；如果代理使用自有 CA，请设置 NODE_EXTRA_CA_CERTS。',
  },
  rejected: {
    title: `${platform}拒绝了当前凭证`,
    what: `调用${platform}接口时，该凭证或它所依赖的凭证被拒绝。`,
    remedy: '服务端会自动刷新。',
  },
  credentials: {
    title: `账号配置未通过${platform}校验`,
    what: '账号的 ID 或密钥有误。',
    remedy: `请对照${platform}管理后台核对 ID 和密钥，修正配置后重启服务。${PROBED}`,
  },
  ip: {
    title: `${platform}不接受服务器的 IP`,
    what: '该 IP 不在平台信任的地址中。',
    remedy: `请在${platform}管理后台添加该 IP，之后服务端会自动重试。`,
  },
  quota: {
    title: '调用次数已达上限',
    what: `${platform}暂时不再受理此类调用。`,
    remedy:
      '限制解除后，服务端会自动重试；在此之前，未过期的凭证照常下发。请排查还有哪些系统在用同一账号调用。',
  },
  account: {
    title: `账号被${platform}限制`,
    what: `无论 ID 和密钥是否正确，${platform}都不再为该账号签发凭证。`,
    remedy: `请登录${platform}管理后台查看原因。${PROBED}`,
  },
});

/** What is said of any platform but WeChat. */
export const othersZh = (platform: string): PlatformTexts<never> => ({
  classes: classes(platformZh(platform)),
  codes: {},
});

export const wecomZh: PlatformTexts<WecomCode> = {
  ...othersZh('WeCom'),
  codes: {
    [-1]: {
      title: '企业微信系统繁忙',
      what: '企业微信返回“system error”。',
      remedy: '无需处理，服务端会自动重试。',
    },
    40001: {
      title: 'Secret 错误',
      what: '企业微信校验该 Secret 未通过。每个应用的 Secret 各不相同，也可能已被重置。',
      remedy: `请在企业微信管理后台的应用详情页重新获取 Secret，修正配置（WECHAT_ACCOUNTS）后重启服务。${PROBED}`,
    },
    40013: {
      title: '企业 ID 错误',
      what: '企业微信查不到该企业 ID（corpid）。',
      remedy: `请在企业微信管理后台“我的企业”中复制企业 ID，修正配置（WECHAT_ACCOUNTS）后重启服务。${PROBED}`,
    },
    41002: {
      title: '请求内容不完整',
      what: '企业微信收到的请求中缺少企业 ID 或 Secret。',
      remedy:
        '请检查 WECHAT_ACCOUNTS 中的账号、WECOM_API_BASE_URL 以及中间的代理。',
    },
    45009: {
      title: '调用过于频繁',
      what: '企业微信按企业和 IP 限制每分钟、每小时的调用次数。',
      remedy:
        '服务端会在 1 分钟或 1 小时后自动重试；在此之前，未过期的凭证照常下发。如果反复出现，请排查还有哪些系统在调用该企业的接口。',
    },
    45033: {
      title: '并发调用过多',
      what: '企业微信对同时进行的调用数也有限制。',
      remedy: '无需处理，服务端会在几秒后自动重试。',
    },
    50003: {
      title: '应用已停用',
      what: '该应用已在企业微信管理后台被停用。',
      remedy: `请在管理后台启用该应用。${PROBED}`,
    },
    60020: {
      title: '服务器 IP 不在企业可信 IP 中',
      what: '企业微信只接受该应用“企业可信 IP”发起的调用。',
      remedy:
        '请在企业微信管理后台的应用详情页，把该 IP 加入“企业可信 IP”，约 1 分钟后生效，之后服务端会自动重试。',
    },
  },
};
