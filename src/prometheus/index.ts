export {
  wechatTokenMetrics,
  type WechatTokenMetrics,
  type WechatTokenMetricsOptions,
} from './metrics.js';
