import * as v from 'valibot';
import { object } from '../common/schema-parts.js';
import { AccountSourceError } from '../common/errors.js';
import { messages } from '../common/messages.js';
import type { Role } from '../common/settings.js';
import { Account, toAccount, type ConfiguredAccount } from './account.js';
import { accountMessages } from './account.messages.js';
import {
  accountFields,
  isAccountName,
  lacksAgentId,
  secretField,
} from './account.schema.js';

/** An account from a source, or the reason why it is invalid. */
export type ReadAccount = Account | BadAccount;

interface BadAccount {
  readonly issue: v.BaseIssue<unknown>;
  /** The account's name, if it has a valid one. */
  readonly name: string | undefined;
}

/** The call of the source: `find` with a name, or `list`, where this is the account of that number. */
type SourceCall = { readonly requested: string } | { readonly number: number };

/** Validates an account from a source. Throws only what a getter of the app's object throws. */
export function readAccount(
  found: ConfiguredAccount,
  ownKinds: readonly string[],
): ReadAccount {
  if (found instanceof Account) return found;
  // Not strict: an account may be an entity of the app with additional fields.
  const schema = object(accountFields(found, ownKinds));
  const { success, output, issues } = v.safeParse(schema, found);
  if (success) return toAccount(output as ConfiguredAccount);
  const [issue] = issues;
  const { name } = Object(found) as { name?: unknown };
  return { issue, name: isAccountName(name) ? name : undefined };
}

/** @throws AccountSourceError that names the account and the field, never the value. */
export function checkedAccount(
  read: ReadAccount,
  role: Role,
  call: SourceCall,
): Account {
  const invalid = (field: string, problem: string) =>
    new AccountSourceError(
      messages.badAccount(describe(read, call), field, problem),
    );
  if ('issue' in read) {
    const field = v.getDotPath(read.issue) ?? '';
    throw invalid(field, read.issue.message);
  }
  // A source may compare names case-insensitively, which is not a fault; the engine treats such a name as an unknown account.
  if ('requested' in call && !isSame(read.name, call.requested))
    throw invalid('name', messages.otherAccount());
  if (role !== 'reader' && read.appSecret === '')
    throw invalid(secretField(read.kind), messages.secretMissing());
  if (lacksAgentId(read))
    throw invalid('agentId', accountMessages.agentIdMissing());
  return read;
}

function describe(read: ReadAccount, call: SourceCall): string {
  if ('requested' in call) return JSON.stringify(call.requested);
  const { name } = read;
  return name === undefined ? `${call.number} of list()` : JSON.stringify(name);
}

function isSame(name: string, other: string): boolean {
  return name.toLowerCase() === other.toLowerCase();
}
