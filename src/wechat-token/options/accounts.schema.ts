import * as v from 'valibot';
import type { ConfiguredAccount } from '../accounts/account.js';
import { accountFields } from '../accounts/account.schema.js';
import type { AccountSource } from '../accounts/account-source.js';
import { ListedAccounts } from '../accounts/listed-accounts.js';
import { messages } from '../common/messages.js';
import { fields, listOf } from '../common/schema-parts.js';

/** Not a union schema, whose issues would not name the field within the account. */
const accountList = (ownKinds: readonly string[]) =>
  v.pipe(
    listOf(
      v.lazy((account) => fields(accountFields(account, ownKinds))),
      messages.accountsMissing(),
    ),
    v.transform(
      (accounts) => new ListedAccounts(accounts as ConfiguredAccount[]),
    ),
  );

const accountSource = v.custom<AccountSource>(
  (value) => value instanceof Object && 'find' in value && 'list' in value,
  messages.accountsMissing(),
);

/** A list or a source, not a union schema, as for one account. */
export const accountsOf = (ownKinds: readonly string[]) =>
  v.lazy((value) =>
    Array.isArray(value) ? accountList(ownKinds) : accountSource,
  );
