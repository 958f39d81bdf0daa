/** The kind of account. Both kinds get tokens from the same endpoints. */
export type AccountKind = 'official-account' | 'mini-program';
