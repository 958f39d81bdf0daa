import { platformZh } from './failures.others.zh.js';
import type { renewalEn } from './renewal.en.js';

export const renewalZh: typeof renewalEn = {
  refresh: {
    title: '刷新',
    intro: '以普通模式请求微信：凭证仍在有效期内则保持不变，不影响任何调用方。',
    introClassic:
      'classic 模式下每次调用都会签发新凭证，因此服务端只在凭证待刷新时才请求微信。',
    introOther: (platform) =>
      `向${platformZh(platform)}请求凭证，不影响任何调用方。`,
    noForce: (platform) =>
      `不支持强制刷新：${platformZh(platform)}没有让该凭证提前失效的接口。`,
    reason: '原因',
    reasonHint: '选填，会写入历史记录',
    submit: '刷新',
    busy: '刷新中…',
    force: '强制刷新…',
    failed: '刷新失败',
    outcomes: {
      refreshed: (fingerprint) => `已刷新，当前凭证为 ${fingerprint}。`,
      unchanged: (fingerprint) => `未变化，当前凭证仍为 ${fingerprint}。`,
      superseded: (fingerprint) =>
        `其他副本或更早的请求已完成刷新，当前凭证为 ${fingerprint}。`,
    },
  },

  force: {
    title: '强制刷新凭证？',
    hurts:
      '当前凭证会立即失效。自行缓存了该凭证的程序会收到错误码 40001，直到换用新凭证。',
    hurtsClassic:
      '微信会签发新凭证，当前凭证将在 5 分钟内失效。自行缓存了该凭证的程序此后会收到错误码 40001。',
    safe: '从本服务获取凭证的程序会在 1 秒内拿到新凭证。',
    spends: (left, limit) =>
      `强制刷新每天限 ${limit} 次，今天还剩 ${left} 次，本次操作占用 1 次。`,
    spendsUnknown: '强制刷新每天限 20 次，本次操作占用 1 次。',
    typeName: (name) => `请输入 ${name} 以确认`,
    reason: '原因',
    submit: '强制刷新',
    busy: '强制刷新中…',
  },

  budget: {
    title: '强制刷新次数',
    left: (left, limit) => `今天还剩 ${left} / ${limit} 次`,
    resets: (local, wait) => `${local} 重置，还有 ${wait}`,
    china: (time) => `即北京时间 ${time}，微信按北京时间计算每天的次数`,
  },

  quota: {
    title: '微信接口配额',
    intro: '向微信查询该 AppID 的接口调用配额，查询本身也计入调用次数。',
    submit: '查询',
    busy: '查询中…',
    failed: '配额查询失败',
    endpoint: '接口',
    used: '已用',
    remain: '剩余',
    limit: '上限',
    refused: (errcode) => `微信返回 ${errcode}`,
  },
};
