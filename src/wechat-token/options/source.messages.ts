/** The sentences of this room, for the fields of token sources. docs/adding-a-source.md explains the fields. */
export const sourceMessages = {
  badId: () => "must be 1 to 32 letters, digits, '_' or '-'",
  idOfThisPackage: () =>
    'must not be the id of a source of this package: stable, classic, jsapi, wx_card, wecom or one that begins with "wecom-"',
  idTwice: (id: string) =>
    `"${id}" is the id of another source too; each source needs an id of its own`,
  badKind: () =>
    'must be 1 to 32 lower-case letters, digits or \'_\', and begin with a letter; "access_token" for what AccessTokenProvider hands out',
  badAccountKind: () =>
    "must be 1 to 32 lower-case letters, digits or '-', and begin with a letter",
  accountKindOfThisPackage: (kinds: readonly string[]) =>
    `must be another kind than those of this package: ${kinds.join(', ')}`,
  badText: () => 'must be a text that is not empty',
  badBaseUrl: () =>
    'must be an address without a slash at the end, such as "https://api.example.com", and without a user, a query or a fragment',
  badErrcodes: () =>
    'must be a Map from each code, a whole number, to its reaction, such as new Map([[40001, { class: "rejected" }]])',
  badErrcode: (code: number, classes: readonly string[]) =>
    `has a reaction to ${code} that cannot be used: its class must be one of ${classes.join(', ')}, and its waits more than 0 and at most 86,400 seconds`,
  badFunction: () => 'must be a function',
  cannotForce: () =>
    'must be true, since rejectionHealedBy is "forced call"; or let a rejection be healed by a "call"',
  isUnsafe: () =>
    'must be false, since repeatedCall is "rotates": each call ends the token that others use',
};
