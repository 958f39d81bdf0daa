import type { CanActivate, Type } from '@nestjs/common';

export type Role = 'refresher' | 'reader';

/** A guard of the app that the module is part of: a class, or an instance. */
export type AppGuard = Type<CanActivate> | CanActivate;

/** The options with every default filled in, in the units that the engine counts in. Also a DI token. */
export abstract class WechatTokenSettings {
  abstract readonly role: Role;
  abstract readonly api: {
    readonly baseUrl: string;
    readonly fallbackUrls: readonly string[];
    /** One call, to all hosts together. */
    readonly timeoutMs: number;
  };
  abstract readonly refresh: {
    readonly cron: string;
    readonly marginSeconds: number | undefined;
    /** 0 for never. */
    readonly confirmMs: number;
    readonly leaseMs: number;
    readonly syncIntervalMs: number;
    readonly batchSize: number;
    readonly concurrency: number;
  };
  abstract readonly encryptionKeys: readonly EncryptionKey[];
  abstract readonly http: {
    readonly apiKeys: ApiKeySource;
    readonly guards: readonly AppGuard[];
    readonly admin: boolean;
    readonly tokens: boolean;
    readonly wechatShaped: boolean;
  };
}

/** A key for values at rest: 32 bytes, and the id that is stored beside each value it sealed. */
export interface EncryptionKey {
  readonly id: string;
  readonly key: Buffer;
}

/** A key that lets a program, or a person, in. */
export interface ApiKey {
  /** Named in logs and events in place of the key. */
  readonly id: string;
  /** The secret itself: at least 16 characters. */
  readonly key: string;
  readonly scopes: readonly ApiScope[];
  /** The accounts it may use; all of them when it is left out. */
  readonly accounts?: readonly string[] | undefined;
}

/** Where API keys come from that change while the app runs: a file, or tables of the app's own. */
export interface ApiKeySource {
  /**
   * The keys that let somebody in now. Asked at every request, so it answers from memory, with the same list until the keys
   * change: another list is hashed anew. It must not throw; without an answer it can trust, the last one holds.
   */
  current(): readonly ApiKey[];
}

export type ApiScope = 'tokens:read' | 'tokens:refresh' | 'tokens:issue';
