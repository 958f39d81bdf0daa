import type { FailureTexts } from './failures.js';

const PROBED =
  '服务端会在 1、5、15 分钟后重试，之后每 30～60 分钟重试一次；手动刷新会立即重试。';

export const failuresZh: FailureTexts = {
  classes: {
    transient: {
      title: '微信未返回 access_token',
      what: '无法连接微信接口，或返回内容无法解析。',
      remedy:
        '服务端会自动重试。如果持续失败，请检查服务器到 api.weixin.qq.com 的网络以及中间的代理。',
    },
    certificate: {
      title: '微信的 TLS 证书校验失败',
      what: '对端无法证明自己是微信，因此未发送任何数据。',
      remedy:
        '请检查服务器时间和 CA 证书；如果代理使用自签 CA，请设置 NODE_EXTRA_CA_CERTS。',
    },
    rejected: {
      title: '微信拒绝了当前凭证',
      what: '业务调用时，微信不接受该凭证，或不接受它所依赖的 access_token。',
      remedy:
        '服务端会自动刷新。如果反复出现，说明有其他系统在用同一个 AppID 获取 access_token，请找到它，改为从本服务读取。',
    },
    credentials: {
      title: '账号凭据校验失败',
      what: 'AppID、AppSecret 或模式配置有误。',
      remedy: `请与微信公众平台上的 AppID、AppSecret 核对，修改配置后重启服务。${PROBED}`,
    },
    ip: {
      title: '服务器 IP 未被微信放行',
      what: '该 IP 不在账号的 IP 白名单中。',
      remedy: '请在微信公众平台把该 IP 加入白名单，之后服务端会自动重试。',
    },
    quota: {
      title: '当日调用额度已用完',
      what: '今天微信不会再为该 AppID 下发 access_token。',
      remedy:
        '额度在北京时间零点重置，在此之前未过期的凭证照常下发。请排查还有哪些系统在用该 AppID 获取 access_token，可在下方查询微信侧额度。',
    },
    account: {
      title: '账号被微信限制',
      what: '无论凭据是否正确，微信都不为该账号下发 access_token。',
      remedy: `请登录微信公众平台查看原因和申诉方式。${PROBED}`,
    },
    'row-conflict': {
      title: '该行已被其他应用占用',
      what: '表中这一行属于另一个 AppID，说明有两个应用共用同一张表且账号同名。',
      remedy:
        '请修改其中一个账号的名称，或让其中一个应用使用独立的 schema。如果是您更换了 AppID，强制刷新一次即可。',
    },
    sealed: {
      title: '无法解密失败记录',
      what: '记录所用的加密密钥未在本服务中配置。',
      remedy:
        '请把对应密钥加入 TOKEN_ENCRYPTION_KEYS：第一个密钥用于加密，所有密钥都可用于解密。',
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
      what: 'AppID 存在，但与 AppSecret 不匹配，AppSecret 可能已被重置。',
      remedy: `请从微信公众平台重新复制 AppSecret，更新配置（WECHAT_APP_SECRET 或 WECHAT_ACCOUNTS）后重启服务。${PROBED}`,
    },
    40002: {
      title: '请求在途中被改动',
      what: '微信收到的请求缺少参数，或请求方法不对。',
      remedy: '请检查 WECHAT_API_BASE_URL 以及中间的代理。服务端会自动重试。',
    },
    40013: {
      title: 'AppID 错误',
      what: '微信不存在该 AppID。',
      remedy: `请从微信公众平台复制 AppID（以 wx 开头），更新配置后重启服务。${PROBED}`,
    },
    40125: {
      title: 'AppSecret 错误',
      what: 'AppID 存在，但与 AppSecret 不匹配，AppSecret 可能已被重置。',
      remedy: `请从微信公众平台重新复制 AppSecret，更新配置（WECHAT_APP_SECRET 或 WECHAT_ACCOUNTS）后重启服务。${PROBED}`,
    },
    40164: {
      title: '服务器 IP 不在白名单中',
      what: '微信只向白名单内的 IP 下发 access_token。',
      remedy:
        '请在微信公众平台“设置与开发 › 基本配置”中把该 IP 加入白名单，几分钟内生效，服务端会自动重试。',
    },
    40243: {
      title: 'AppSecret 已冻结',
      what: '有人在微信公众平台冻结了 AppSecret。',
      remedy: `请在微信公众平台解冻，约 10 分钟后生效。${PROBED}`,
    },
    42007: {
      title: '授权已失效',
      what: '账号修改了密码，原有授权随之失效。',
      remedy: `请重新授权。${PROBED}`,
    },
    45009: {
      title: '当日调用额度已用完',
      what: '该 AppID 今天获取 access_token 的次数已达微信上限。',
      remedy:
        '额度在北京时间零点重置，在此之前未过期的凭证照常下发。请排查还有哪些系统在用该 AppID 获取 access_token，可在下方查询微信侧额度。',
    },
    45011: {
      title: '调用过于频繁',
      what: '微信对每分钟的调用次数也有限制。',
      remedy:
        '服务端会等待一分钟后重试。如果持续出现，说明有其他系统在用该 AppID 调用微信接口。',
    },
    48004: {
      title: '接口已被封禁',
      what: '账号违反微信规则，该接口已被封禁。',
      remedy: `请登录微信公众平台查看原因和申诉方式。${PROBED}`,
    },
    50002: {
      title: '账号受限',
      what: '微信限制了该账号的接口调用。',
      remedy: `请登录微信公众平台查看原因和申诉方式。${PROBED}`,
    },
    50004: {
      title: '账号无权获取 access_token',
      what: '微信不允许该账号调用获取 access_token 的接口。',
      remedy: `请在微信公众平台确认账号类型和状态。${PROBED}`,
    },
    61004: {
      title: '服务器 IP 未登记',
      what: '该 IP 不在第三方平台的白名单中。',
      remedy: '请把该 IP 加入第三方平台的白名单，之后服务端会自动重试。',
    },
    61023: {
      title: 'refresh_token 无效',
      what: '账号已取消授权，或在别处重新授权过。',
      remedy: `请重新授权。${PROBED}`,
    },
    89501: {
      title: '服务器 IP 待管理员确认',
      what: '微信已就该 IP 的调用向账号管理员发送确认消息。',
      remedy:
        '请管理员在手机上确认，或在微信公众平台把该 IP 加入白名单。服务端会自动重试，但需要等待一段时间。',
    },
    89506: {
      title: '服务器 IP 被管理员拒绝',
      what: '管理员拒绝一次，微信封禁该 IP 1 小时；拒绝两次，封禁 24 小时。',
      remedy:
        '请更换出口 IP，或在封禁结束后让管理员确认。封禁结束后服务端会自动重试。',
    },
  },
  unknown: {
    title: '上次刷新失败',
    what: '控制台无法识别该失败类型。',
    remedy: '详情见下方服务端返回的原文。',
  },
};
