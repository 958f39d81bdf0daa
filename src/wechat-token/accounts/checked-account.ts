import * as v from 'valibot';
import { object } from '../common/schema-parts.js';
import { AccountSourceError } from '../common/errors.js';
import { messages } from '../common/messages.js';
import type { Role } from '../common/settings.js';
import { Account, toAccount, type WechatAccount } from './account.js';
import { accountFields, isAccountName } from './account.schema.js';

/** Not strict: an account may be an entity of the app's, with more fields than ours. */
const schema = object(accountFields);

/** What a source answered: an account, or what is wrong with it. */
export type ReadAccount = Account | BadAccount;

interface BadAccount {
  readonly issue: v.BaseIssue<unknown>;
  /** If it has one that can be told. */
  readonly name: string | undefined;
}

/** How a source was asked: by name, or for all of them, of which this is one. */
type Asked = { readonly asked: string } | { readonly number: number };

/** Throws nothing but what a getter of the app's throws. */
export function readAccount(found: WechatAccount): ReadAccount {
  if (found instanceof Account) return found;
  const { success, output, issues } = v.safeParse(schema, found);
  if (success) return toAccount(output);
  const [issue] = issues;
  const { name } = Object(found) as { name?: unknown };
  return { issue, name: isAccountName(name) ? name : undefined };
}

/** @throws AccountSourceError that names the account and the field, never the value. */
export function checkedAccount(
  read: ReadAccount,
  role: Role,
  asked: Asked,
): Account {
  const refused = (field: string, problem: string) =>
    new AccountSourceError(
      messages.badAccount(nameOf(read, asked), field, problem),
    );
  if ('issue' in read) {
    const field = v.getDotPath(read.issue) ?? '';
    throw refused(field, read.issue.message);
  }
  // A database may not mind the case; whoever asks for a token is told that it is none.
  if ('asked' in asked && !isSame(read.name, asked.asked))
    throw refused('name', messages.otherAccount());
  if (role !== 'reader' && read.appSecret === '')
    throw refused('appSecret', messages.secretMissing());
  return read;
}

function nameOf(read: ReadAccount, asked: Asked): string {
  if ('asked' in asked) return JSON.stringify(asked.asked);
  const { name } = read;
  return name === undefined
    ? `${asked.number} of list()`
    : JSON.stringify(name);
}

function isSame(name: string, other: string): boolean {
  return name.toLowerCase() === other.toLowerCase();
}
