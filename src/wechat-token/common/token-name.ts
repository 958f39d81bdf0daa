/** The name of the account that is used when no name is given. */
export const DEFAULT_ACCOUNT = 'default';

/** The kind of a token, such as `access_token`; the first part of its name. */
export type TokenKind = string;

/** The name of one managed token: primary key of its row, `:name` in routes, field in logs. */
export type TokenName = string;

/** The token name: `access_token` for the default account, `access_token:shop` for account `shop`. */
export function tokenName(kind: TokenKind, account: string): TokenName {
  return account === DEFAULT_ACCOUNT ? kind : `${kind}:${account}`;
}

/** The inverse of {@link tokenName}. */
export function parseTokenName(name: TokenName): {
  kind: TokenKind;
  account: string;
} {
  const colon = name.indexOf(':');
  return colon < 0
    ? { kind: name, account: DEFAULT_ACCOUNT }
    : { kind: name.slice(0, colon), account: name.slice(colon + 1) };
}
