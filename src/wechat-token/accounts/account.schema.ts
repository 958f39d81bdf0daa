import * as v from 'valibot';
import { choice, secret, severalOf, text } from '../common/schema-parts.js';
import { DEFAULT_ACCOUNT } from '../common/token-name.js';
import { messages } from '../common/messages.js';
import { WECHAT_KINDS } from './account.js';
import { accountMessages } from './account.messages.js';

const MODES = ['stable', 'classic'] as const;
const NAME = /^[A-Za-z0-9._-]{1,64}$/;

export const accountName = text(NAME, messages.badAccountName());

export function isAccountName(value: unknown): value is string {
  return typeof value === 'string' && NAME.test(value);
}

const name = v.optional(accountName, DEFAULT_ACCOUNT);
const appId = text(/^[\w-]{1,64}$/, messages.badAppId());
const optionalSecret = v.optional(secret(messages.badSecret()));

/** In JSON people write it as a number. */
const agentId = v.pipe(
  v.custom<string | number>(
    (id) => /^\d{1,20}$/.test(String(id)) && typeof id !== 'object',
    accountMessages.badAgentId(),
  ),
  v.transform(String),
);

const wecomFields = {
  name,
  kind: v.literal('wecom'),
  corpId: text(/^[\w-]{1,40}$/, accountMessages.badCorpId()),
  agentId: v.optional(agentId),
  secret: optionalSecret,
  tickets: v.optional(severalOf(['corp', 'agent'])),
};

const ownFields = { name, kind: v.string(), appId, appSecret: optionalSecret };

/**
 * The fields of an account, from the options or an AccountSource.
 * @param ownKinds The kinds of account of the app's own sources.
 */
export function accountFields(account: unknown, ownKinds: readonly string[]) {
  const { kind } = Object(account) as { kind?: unknown };
  if (kind === 'wecom') return wecomFields;
  if (typeof kind === 'string' && ownKinds.includes(kind)) return ownFields;
  return {
    name,
    kind: v.optional(
      v.picklist(
        WECHAT_KINDS,
        messages.badChoice([...WECHAT_KINDS, 'wecom', ...ownKinds]),
      ),
    ),
    appId,
    appSecret: optionalSecret,
    mode: v.optional(choice(MODES)),
    tickets: v.optional(severalOf(['jsapi', 'wx_card'])),
  };
}

/** The field of the secret, by the kind of account. */
export function secretField(kind: unknown): 'secret' | 'appSecret' {
  return kind === 'wecom' ? 'secret' : 'appSecret';
}

/** Whether it is an application with a ticket of its own whose id is not known. */
export function lacksAgentId(account: object): boolean {
  const { tickets, agentId } = account as Record<string, unknown>;
  return (
    Array.isArray(tickets) && tickets.includes('agent') && agentId === undefined
  );
}
