import type { WechatTokenMetrics } from '../prometheus/index.js';
import type { TokenObserver } from '../wechat-token/index.js';
import { AuditLog } from './audit-log.js';

/** Who may scrape `/metrics`: anybody, a key with `tokens:read`, or nobody. */
export type MetricsAccess = 'open' | 'key' | 'off';
/** Which reads of a token have a line in the log. */
export type AuditMode = 'all' | 'sampled' | 'off';

/** What the app sees of itself. */
export interface Monitoring {
  readonly access: MetricsAccess;
  /** Undefined when off, and without `prom-client`, which `npm ci --omit=dev` leaves out. */
  readonly metrics: WechatTokenMetrics | undefined;
  readonly audit: AuditLog | undefined;
  /** For the module. */
  readonly observer: TokenObserver;
}

export async function createMonitoring(settings: {
  readonly metrics: MetricsAccess;
  readonly audit: AuditMode;
}): Promise<Monitoring> {
  const { metrics: access, audit: mode } = settings;
  const metrics = access === 'off' ? undefined : await loadMetrics();
  const audit = mode === 'off' ? undefined : new AuditLog(mode);
  const counted = metrics?.observer ?? {};
  const observer: TokenObserver = audit
    ? {
        ...counted,
        read: (read) => {
          counted.read?.(read);
          audit.read(read);
        },
      }
    : counted;
  return { access, metrics, audit, observer };
}

async function loadMetrics(): Promise<WechatTokenMetrics | undefined> {
  try {
    const { wechatTokenMetrics } = await import('../prometheus/index.js');
    return wechatTokenMetrics();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (!code?.endsWith('MODULE_NOT_FOUND')) throw error;
    return undefined;
  }
}
