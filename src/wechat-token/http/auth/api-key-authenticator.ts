import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { fingerprint } from '../../common/fingerprint.js';
import { LogLine } from '../../common/log-line.js';
import { RateWindow } from '../../common/rate-window.js';
import type { HttpRequest } from '../problem/http-request.js';
import { addressOf } from './address-of.js';
import { type ApiClient, ApiKeys } from './api-keys.js';
import { networkOf } from './network-of.js';

/** Wrong keys of one network that are answered in a minute. */
const MAX_WRONG_KEYS = 10;
const MINUTE_MS = 60_000;
const MAX_NETWORKS = 10_000;
/** Different access tokens of one network in a minute that are neither current nor keys: outdated ones, or guesses at keys. */
const MAX_UNKNOWN_TOKENS = 100;
/** Such tokens that are remembered for a minute. */
const MAX_REMEMBERED = 10_000;
/** Lines about wrong keys in a minute, of all networks together. */
const MAX_LINES = 100;
/** How long the answer to a wrong key takes, and how many may wait for theirs. */
const DELAY_MS = 200;
const MAX_DELAYED = 50;

/** A key that is wrong. */
export interface WrongKey {
  /** Seconds until another attempt is answered; present if there were too many. */
  readonly retryAfter?: number;
}

/**
 * Authenticates clients by their API keys. A right key is never refused, whatever others send: keys are too long to be guessed
 * (`isApiKey`), so wrong ones are but noise, which is slowed down, and refused at once where there is more of it.
 */
@Injectable()
export class ApiKeyAuthenticator {
  private readonly logger = new Logger('WechatToken');
  private readonly wrongKeys: RateWindow;
  private readonly unknownTokens: RateWindow;
  private readonly remembered: RateWindow;
  private readonly lines: RateWindow;
  private delayed = 0;

  constructor(
    private readonly keys: ApiKeys,
    private readonly clock: Clock,
  ) {
    this.wrongKeys = new RateWindow(clock, {
      limit: MAX_WRONG_KEYS,
      windowMs: MINUTE_MS,
      maxKeys: MAX_NETWORKS,
      whenFull: 'drop oldest',
    });
    this.unknownTokens = new RateWindow(clock, {
      limit: MAX_UNKNOWN_TOKENS,
      windowMs: MINUTE_MS,
      maxKeys: MAX_NETWORKS,
      whenFull: 'drop oldest',
    });
    this.remembered = new RateWindow(clock, {
      limit: 1,
      windowMs: MINUTE_MS,
      maxKeys: MAX_REMEMBERED,
      whenFull: 'drop oldest',
    });
    this.lines = new RateWindow(clock, {
      limit: MAX_LINES,
      windowMs: MINUTE_MS,
      maxKeys: 1,
      whenFull: 'share',
    });
  }

  /** The client whose key this is, at once. A promise is that of a wrong key, which settles when it is to be answered. */
  authenticate(
    key: string,
    sender: Pick<HttpRequest, 'ip' | 'socket'>,
  ): ApiClient | Promise<WrongKey> {
    return this.keys.find(key) ?? this.wrong(addressOf(sender));
  }

  /**
   * As {@link authenticate}, for a key where clients of a platform send an access token. A wrong one is mostly a token that has been
   * replaced, which many clients of one network may send again and again: it counts once a minute, and not as a wrong key.
   */
  authenticateInToken(
    token: string,
    sender: Pick<HttpRequest, 'ip' | 'socket'>,
  ): ApiClient | Promise<WrongKey> {
    return this.keys.find(token) ?? this.unknown(token, addressOf(sender));
  }

  /** Whether a client that was authenticated would be so now. */
  isCurrent(client: ApiClient): boolean {
    return this.keys.isCurrent(client);
  }

  private async wrong(address: string): Promise<WrongKey> {
    const network = networkOf(address);
    const blockedMs = this.wrongKeys.blockedMs(network);
    if (blockedMs > 0) return { retryAfter: Math.ceil(blockedMs / 1000) };
    if (this.delayed >= MAX_DELAYED) return { retryAfter: 1 };
    this.wrongKeys.hit(network);
    this.log(address, this.wrongKeys.blockedMs(network) > 0);
    await this.slowDown();
    return {};
  }

  private async unknown(token: string, address: string): Promise<WrongKey> {
    if (!this.remembered.hit(fingerprint(token))) return {};
    const network = networkOf(address);
    const blockedMs = this.unknownTokens.blockedMs(network);
    if (blockedMs > 0) return { retryAfter: Math.ceil(blockedMs / 1000) };
    this.unknownTokens.hit(network);
    if (this.unknownTokens.blockedMs(network) > 0) this.log(address, true);
    if (this.delayed < MAX_DELAYED) await this.slowDown();
    return {};
  }

  private log(address: string, blocked: boolean): void {
    if (this.lines.hit('all networks'))
      this.logger.warn(new LogLine('wrong API key', { address, blocked }));
  }

  private async slowDown(): Promise<void> {
    this.delayed++;
    await this.clock.sleep(DELAY_MS);
    this.delayed--;
  }
}
