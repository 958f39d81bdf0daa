import type { FailureTexts, PlatformTexts, WechatCode } from './failures.js';
import { othersZh, PROBED, wecomZh } from './failures.others.zh.js';

const wechat: PlatformTexts<WechatCode> = {
  classes: {
    transient: {
      title: '微信未签发凭证',
      what: '无法连接微信接口，或微信的响应无效。',
      remedy:
        '服务端会自动重试。如果持续失败，请检查服务器到 api.weixin.qq.com 的网络，以及中间的代理。',
    },
    certificate: {
      title: '微信的 TLS 证书校验失败',
      what: '无法确认对端是微信服务器，因此未发送任何数据。',
      remedy:
        '请检查服务器时间和 CA 证书；如果代理使用自有 CA，请设置 NODE_EXTRA_CA_CERTS。',
    },
    rejected: {
      title: '微信拒绝了当前凭证',
      what: '调用微信接口时，该凭证或它所依赖的凭证被拒绝。',
      remedy:
        '服务端会自动刷新。如果反复出现，说明有其他系统在用同一个 AppID 获取凭证，请找到该系统，让它改为从本服务读取。',
    },
    credentials: {
      title: '账号配置未通过微信校验',
      what: '账号的 AppID、AppSecret 或模式有误。',
      remedy: `请对照微信公众平台核对 AppID 和 AppSecret，修正配置后重启服务。${PROBED}`,
    },
    ip: {
      title: '微信不接受服务器的 IP',
      what: '该 IP 不在账号的 IP 白名单中。',
      remedy: '请在微信公众平台把该 IP 加入 IP 白名单，之后服务端会自动重试。',
    },
    quota: {
      title: '当天的配额已用完',
      what: '微信今天不再为该 AppID 签发凭证。',
      remedy:
        '配额在北京时间零点重置，在此之前，未过期的凭证照常下发。请排查还有哪些系统在用该 AppID 获取凭证；微信接口配额可在该账号 access_token 的页面查询。',
    },
    account: {
      title: '账号被微信限制',
      what: '无论 AppID 和 AppSecret 是否正确，微信都不再为该账号签发凭证。',
      remedy: `请登录微信公众平台查看原因和申诉方式。${PROBED}`,
    },
  },
  codes: {
    [-1]: {
      title: '微信系统繁忙',
      what: '微信返回“system error”。',
      remedy: '无需处理，服务端会自动重试。',
    },
    40001: {
      title: 'AppSecret 错误',
      what: 'AppID 存在，但与 AppSecret 不匹配；AppSecret 可能已在微信公众平台重置。',
      remedy: `请从微信公众平台重新获取 AppSecret，修正配置（WECHAT_APP_SECRET 或 WECHAT_ACCOUNTS）后重启服务。${PROBED}`,
    },
    40002: {
      title: '请求内容不完整',
      what: '服务端发出的请求，微信未能完整收到。',
      remedy: '请检查 WECHAT_API_BASE_URL 以及中间的代理。服务端会自动重试。',
    },
    40013: {
      title: 'AppID 错误',
      what: '微信查不到该 AppID。',
      remedy: `请从微信公众平台复制 AppID（以 wx 开头），修正配置后重启服务。${PROBED}`,
    },
    40125: {
      title: 'AppSecret 错误',
      what: 'AppID 存在，但与 AppSecret 不匹配；AppSecret 可能已在微信公众平台重置。',
      remedy: `请从微信公众平台重新获取 AppSecret，修正配置（WECHAT_APP_SECRET 或 WECHAT_ACCOUNTS）后重启服务。${PROBED}`,
    },
    40164: {
      title: '服务器 IP 不在白名单中',
      what: '微信只向账号 IP 白名单中的地址签发凭证。',
      remedy:
        '请在微信公众平台“设置与开发 › 基本配置”中把该 IP 加入 IP 白名单，几分钟内生效，之后服务端会自动重试。',
    },
    40243: {
      title: 'AppSecret 已被冻结',
      what: '有人在微信公众平台冻结了 AppSecret。',
      remedy: `请登录微信公众平台解冻，10 分钟后生效。${PROBED}`,
    },
    42007: {
      title: '授权已失效',
      what: '账号所有者修改了密码，此前的授权随之失效。',
      remedy: `请让该账号重新授权。${PROBED}`,
    },
    45009: {
      title: '当天的配额已用完',
      what: '该 AppID 今天获取凭证 的次数已达微信上限。',
      remedy:
        '配额在北京时间零点重置，在此之前，未过期的凭证照常下发。请排查还有哪些系统在用该 AppID 获取凭证；微信接口配额可在该账号 access_token 的页面查询。',
    },
    45011: {
      title: '调用过于频繁',
      what: '微信对每分钟的调用次数也有限制。',
      remedy:
        '服务端会在 1 分钟后重试。如果持续出现，说明有其他系统在用该 AppID 调用微信接口。',
    },
    48004: {
      title: '接口已被封禁',
      what: '账号违反了微信的规则，无法再调用该接口。',
      remedy: `请登录微信公众平台查看原因和申诉方式。${PROBED}`,
    },
    50002: {
      title: '账号受限',
      what: '微信限制了该账号可以调用的接口。',
      remedy: `请登录微信公众平台查看原因和申诉方式。${PROBED}`,
    },
    50004: {
      title: '账号无权获取凭证',
      what: '微信不允许该账号调用获取凭证 的接口。',
      remedy: `请在微信公众平台检查账号的类型和状态。${PROBED}`,
    },
    61004: {
      title: '服务器 IP 未登记',
      what: '该 IP 不在第三方平台的 IP 白名单中。',
      remedy: '请把该 IP 加入第三方平台的 IP 白名单，之后服务端会自动重试。',
    },
    61023: {
      title: 'refresh_token 无效',
      what: '账号已取消授权，或已在别处重新授权。',
      remedy: `请让该账号重新授权。${PROBED}`,
    },
    89501: {
      title: '服务器 IP 待管理员确认',
      what: '该 IP 调用了接口，微信已向账号管理员发送确认消息。',
      remedy:
        '请管理员在手机上确认，或在微信公众平台把该 IP 加入 IP 白名单。服务端会自动重试，但不会立即进行。',
    },
    89506: {
      title: '服务器 IP 被管理员拒绝',
      what: '管理员拒绝一次，微信封禁该 IP 1 小时；拒绝两次，封禁 24 小时。',
      remedy:
        '请更换出口 IP，或在封禁结束后请管理员确认。封禁结束后，服务端会自动重试。',
    },
  },
};

export const failuresZh: FailureTexts = {
  WeChat: wechat,
  WeCom: wecomZh,
  other: othersZh,
  server: {
    'row-conflict': {
      title: '该数据行已被其他应用占用',
      what: '表中该行存储的是另一个 AppID 的凭证，说明有两个应用共用一张表且账号同名。',
      remedy:
        '请修改其中一个账号的名称，或让其中一个应用使用单独的 schema。如果更换过 AppID，强制刷新一次，或等待凭证过期即可。',
    },
    sealed: {
      title: '失败记录无法解密',
      what: '本服务没有加密该记录所用的密钥。',
      remedy:
        '请把对应密钥加入 TOKEN_ENCRYPTION_KEYS：第一个密钥用于加密，所有密钥都可用于解密。',
    },
  },
  unknown: {
    title: '上次刷新失败',
    what: '控制台无法识别这类失败。',
    remedy: '详见下方的服务端返回原文。',
  },
};
