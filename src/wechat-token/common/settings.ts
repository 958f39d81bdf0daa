import type { KeyObject } from 'node:crypto';
import type { CanActivate, Type } from '@nestjs/common';
import type { TokenObserver } from './observer.js';

export type Role = 'refresher' | 'reader';

/** A guard of the app that imports the module: a class or an instance. */
export type AppGuard = Type<CanActivate> | CanActivate;

/** The options with every default filled in and durations in milliseconds. Also a DI token. */
export abstract class WechatTokenSettings {
  abstract readonly role: Role;
  abstract readonly api: {
    readonly baseUrl: string;
    readonly fallbackUrls: readonly string[];
    /** WeCom's API, which has one host. */
    readonly wecomBaseUrl: string;
    readonly allowHttp: boolean;
    /** The time limit of one call, all hosts together. */
    readonly timeoutMs: number;
    /** The proxy to WeChat; undefined for that of the environment, if there is one. */
    readonly proxyUrl?: string | undefined;
  };
  abstract readonly refresh: {
    readonly cron: string;
    readonly marginSeconds: number | undefined;
    /** Interval of confirmations (R7); 0 disables them. */
    readonly confirmMs: number;
    readonly leaseMs: number;
    readonly syncIntervalMs: number;
    readonly batchSize: number;
    readonly concurrency: number;
  };
  abstract readonly encryptionKeys: readonly EncryptionKey[];
  abstract readonly encryptionPlain: PlainValues;
  abstract readonly observer: TokenObserver;
  abstract readonly http: {
    readonly apiKeys: ApiKeySource;
    readonly guards: readonly AppGuard[];
    readonly admin: boolean;
    readonly tokens: boolean;
    readonly wechatShaped: boolean;
  };
}

/** A key for stored values: 32 bytes, and the id that is stored with each value encrypted by the key. */
export interface EncryptionKey {
  readonly id: string;
  readonly key: KeyObject;
}

/** What becomes of tokens that are stored as plain text while there are encryption keys. */
export type PlainValues = 'refuse' | 'allow';

/** An API key of a program or a person. */
export interface ApiKey {
  /** The name of the key in logs and events. */
  readonly id: string;
  /**
   * The secret: at least 32 printable ASCII characters without blanks, 10 of them different, such as `openssl rand -hex 32` makes;
   * or `sha256:` and its SHA-256 in hex, so that the settings do not hold it.
   */
  readonly key: string;
  readonly scopes: readonly ApiScope[];
  /** The accounts that the key may use. Default: all accounts. */
  readonly accounts?: readonly string[] | undefined;
}

/** A source of API keys that change while the app runs, such as a file or a table of the app. */
export interface ApiKeySource {
  /**
   * The keys that are valid now. Called at every request, so it must return from memory, and return the same array until the
   * keys change: a new array is hashed again. It must not throw; when the keys cannot be read, it returns the last valid ones.
   * Whether the keys are hard to guess is the source's to check; a list in the options is checked at start.
   */
  current(): readonly ApiKey[];
}

/** No key, now or later. */
export const NO_API_KEYS: ApiKeySource = { current: () => [] };

export type ApiScope = 'tokens:read' | 'tokens:refresh' | 'tokens:issue';
