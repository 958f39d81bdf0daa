import { Injectable, Logger } from '@nestjs/common';
import { ThrottlerStorageService } from '@nestjs/throttler';
import { type ApiClient, ApiKeys } from './api-keys.js';
import { networkOf } from './network-of.js';

/** Wrong keys that one address, or one network of IPv6, may try within a minute. */
const ATTEMPTS = 10;
const MINUTE_MS = 60_000;
/** More addresses than that share one count, so that nobody can fill the memory by coming from everywhere. */
const ADDRESSES = 10_000;
const EVERYWHERE_ELSE = 'others';

/** The client, or nothing for a key that is none, or that is not looked at now. */
export interface Admission {
  readonly client?: ApiClient;
  /** Seconds until the next key is looked at. */
  readonly retryAfter?: number;
}

/**
 * Lets keys in, and slows those down who guess. While an address is blocked no new key from it is looked at; one that it has
 * used before goes on working, so that a client with a wrong key takes the token from none of those that share its address.
 */
@Injectable()
export class AdmissionDesk {
  private readonly logger = new Logger('WechatToken');
  private readonly known = new Set<string>();

  constructor(
    private readonly keys: ApiKeys,
    private readonly storage: ThrottlerStorageService,
  ) {}

  async admit(key: string, address = ''): Promise<Admission> {
    const client = this.keys.find(key);
    const network = networkOf(address);
    const visit = JSON.stringify([network, client?.id]);
    if (client && this.known.has(visit)) return { client };
    // Without a pause up to the count, so that requests which come all at once are counted one by one.
    if (this.isBlocked(network)) {
      const retryAfter = await this.blockedFor(network);
      if (retryAfter > 0) return { retryAfter };
    }
    if (client) {
      this.remember(visit);
      return { client };
    }
    const { isBlocked } = await this.count(network);
    this.logger.warn('wrong API key', { address, blocked: isBlocked });
    return {};
  }

  private remember(visit: string): void {
    if (this.known.size >= ADDRESSES) this.known.clear();
    this.known.add(visit);
  }

  private isBlocked(network: string): boolean {
    return this.storage.storage.get(this.bucketOf(network))?.isBlocked ?? false;
  }

  private async blockedFor(network: string): Promise<number> {
    // Of one that is blocked this counts nothing; of one that was, it says so.
    const { isBlocked, timeToBlockExpire } = await this.count(network);
    return isBlocked ? timeToBlockExpire : 0;
  }

  private count(network: string) {
    const bucket = this.bucketOf(network);
    // More than `limit` block: the last attempt that is looked at is the one that does.
    const limit = ATTEMPTS - 1;
    return this.storage.increment(bucket, MINUTE_MS, limit, MINUTE_MS, 'keys');
  }

  private bucketOf(network: string): string {
    const { storage } = this.storage;
    const hasRoom = storage.has(network) || storage.size < ADDRESSES;
    return hasRoom ? network : EVERYWHERE_ELSE;
  }
}
