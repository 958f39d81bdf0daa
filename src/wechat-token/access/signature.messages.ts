/** The sentences about the arguments of signatures. */
export const signatureMessages = {
  badPageUrl: () =>
    'The argument "url" must be the absolute http or https address of the page, in printable ASCII without blanks, as the page has it in `location.href` (which is percent-encoded); send that to the server unchanged.',
  notAnApplication: (account: string) =>
    `The argument "account" must be the name of a WeCom account with an agentId, and "${account}" is none. Use another account, or set its kind to "wecom" and its agentId.`,
  badText: (argument: string) => `The argument "${argument}" must be a string.`,
  cardMissing: () =>
    'The argument "cardId" must be the id of the card: a string that is not empty.',
  badSeconds: (argument: string) =>
    `The argument "${argument}" must be whole seconds since 1970, such as 1735689600; milliseconds are too large.`,
} as const;
