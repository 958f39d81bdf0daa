import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { LogLine } from '../../common/log-line.js';
import { RateWindow } from '../../common/rate-window.js';
import { type ApiClient, ApiKeys } from './api-keys.js';
import { networkOf } from './network-of.js';

/** Wrong keys that one network may send in a minute. */
const MAX_WRONG_KEYS = 10;
const MINUTE_MS = 60_000;
const MAX_NETWORKS = 10_000;

/** The client that was authenticated; without one the key is wrong, or was not checked. */
interface Authentication {
  readonly client?: ApiClient;
  /** Seconds until keys from this network are checked again; present if the key was not checked. */
  readonly retryAfter?: number;
}

/**
 * Authenticates clients by their API keys and limits the rate of wrong keys. A network that is blocked keeps its access with
 * the keys that it has used before, so that a misconfigured client locks out no other client that shares its address.
 */
@Injectable()
export class ApiKeyAuthenticator {
  private readonly logger = new Logger('WechatToken');
  private readonly wrongKeys: RateWindow;
  /** Pairs of network and client that have been authenticated. */
  private readonly known = new Set<string>();

  constructor(
    private readonly keys: ApiKeys,
    clock: Clock,
  ) {
    this.wrongKeys = new RateWindow(clock, {
      limit: MAX_WRONG_KEYS,
      windowMs: MINUTE_MS,
      maxKeys: MAX_NETWORKS,
    });
  }

  authenticate(key: string, address = ''): Authentication {
    const client = this.keys.find(key);
    const network = networkOf(address);
    // No address contains a line break.
    const pair = `${network}\n${client?.id}`;
    if (client && this.known.has(pair)) return { client };
    const blockedMs = this.wrongKeys.blockedMs(network);
    if (blockedMs > 0) return { retryAfter: Math.ceil(blockedMs / 1000) };
    if (client) {
      this.remember(pair);
      return { client };
    }
    this.wrongKeys.hit(network);
    const blocked = this.wrongKeys.blockedMs(network) > 0;
    this.logger.warn(new LogLine('wrong API key', { address, blocked }));
    return {};
  }

  private remember(pair: string): void {
    if (this.known.size >= MAX_NETWORKS) this.known.clear();
    this.known.add(pair);
  }
}
