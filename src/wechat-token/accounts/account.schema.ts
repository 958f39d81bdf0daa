import * as v from 'valibot';
import { choice, secret, text } from '../common/schema-parts.js';
import { DEFAULT_ACCOUNT } from '../common/token-name.js';
import { messages } from '../common/messages.js';

const MODES = ['stable', 'classic'] as const;
const KINDS = ['official-account', 'mini-program'] as const;
const NAME = /^[A-Za-z0-9._-]{1,64}$/;

export const accountName = text(NAME, messages.badAccountName());

export function isAccountName(value: unknown): value is string {
  return typeof value === 'string' && NAME.test(value);
}

/** The fields of an account, from the options or an AccountSource. */
export const accountFields = {
  name: v.optional(accountName, DEFAULT_ACCOUNT),
  kind: v.optional(choice(KINDS)),
  appId: text(/^[\w-]{1,64}$/, messages.badAppId()),
  appSecret: v.optional(secret(messages.badSecret())),
  mode: v.optional(choice(MODES)),
};
