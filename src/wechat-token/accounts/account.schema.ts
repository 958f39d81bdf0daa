import { z } from 'zod';
import { choice, text } from '../schema-parts.js';
import { DEFAULT_ACCOUNT } from '../token-name.js';
import { messages } from '../wechat-token.messages.js';

const MODES = ['stable', 'classic'] as const;
const KINDS = ['official-account', 'mini-program'] as const;
const NAME = /^[A-Za-z0-9._-]{1,64}$/;

export const accountName = text(NAME, messages.badAccountName());

export function isAccountName(value: unknown): value is string {
  return typeof value === 'string' && NAME.test(value);
}

/** The fields of an account, wherever it comes from. */
export const accountFields = {
  name: accountName.default(DEFAULT_ACCOUNT),
  kind: choice(KINDS).optional(),
  appId: text(/^[\w-]{1,64}$/, messages.badAppId()),
  appSecret: z.string(messages.badSecret()).optional(),
  mode: choice(MODES).optional(),
};
