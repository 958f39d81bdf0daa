import type { LoggerService } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { ApiKey, ApiScope } from '../../src/wechat-token/index.js';

/** Both platforms, for `describe.each`. */
export const PLATFORMS: readonly (readonly [
  name: string,
  adapter: () => AbstractHttpAdapter,
])[] = [
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
];

export const SHOP = {
  name: 'shop',
  appId: 'wx_shop_app',
  appSecret: 'shop-secret-0123456789abcdef',
} as const;

const ALL = ['tokens:read', 'tokens:refresh', 'tokens:issue'] as const;

/** A key whose id says what it is for. */
const key = (
  id: string,
  scopes: readonly ApiScope[],
  ...accounts: string[]
): ApiKey => ({
  id,
  key: `${id}-key-0123456789abcdefghijklmnop`,
  scopes,
  ...(accounts.length > 0 && { accounts }),
});

export const KEYS = {
  all: key('all', ALL),
  read: key('read', ['tokens:read']),
  refresh: key('refresh', ['tokens:refresh']),
  issue: key('issue', ['tokens:issue']),
  shop: key('shop', ALL, 'shop'),
} as const;

export const WRONG_KEY = 'wrong-key-0123456789abcdefghijklmnop';

export const bearer = ({ key }: { key: string }) => ({
  authorization: `Bearer ${key}`,
});

/** The options of a request to `fetch`. */
export interface Sent {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** JSON as a POST's body. */
export function posted(
  body: unknown,
  headers: Record<string, string> = {},
): Sent {
  return {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  };
}

/** Every line that is logged, as text. */
export class LogLines implements LoggerService {
  text = '';
  readonly log = (...line: unknown[]) => this.add(line);
  readonly warn = this.log;
  readonly error = this.log;
  readonly debug = this.log;
  readonly verbose = this.log;
  readonly fatal = this.log;

  private add(line: unknown[]): void {
    const words = line.map((word) =>
      word instanceof Error ? `${word.message} ${word.stack}` : word,
    );
    this.text += `${JSON.stringify(words)}\n`;
  }
}
