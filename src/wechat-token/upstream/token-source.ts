import type { Account } from '../accounts/account.js';
import type { TokenKind, TokenName } from '../common/token-name.js';

/** A token that the platform issued, validated by {@link parseIssued}. */
export interface IssuedToken {
  readonly value: string;
  /** The remaining life, milliseconds from the moment before the request was sent. */
  readonly lifeMs: number;
}

/** What WeChat says of a token in a harmless call; `unproven`: nothing, such as that this machine's IP address is refused. */
export type ProbeAnswer = 'accepted' | 'refused' | 'unproven';

export interface IssueRequest {
  readonly account: Account;
  /** The valid values of the tokens that `needs` returned. */
  readonly inputs: ReadonlyMap<TokenName, string>;
  /** Stable mode: invalidates the current token and issues another (R9). */
  readonly force: boolean;
}

/**
 * A source issues one kind of token by calls to the platform. It may need the tokens of other sources, so sources form a graph
 * of any depth; the engine makes the needed tokens valid before it calls `issue`.
 */
export interface TokenSource {
  /** The id of the source, stored in the row's `source`; at most 32 characters. */
  readonly id: string;
  readonly kind: TokenKind;
  /** Whether each call ends the previous token: then it is called only when needed, and only under the lease. */
  readonly rotatesOnEveryCall: boolean;
  /** Whether this source issues the account's tokens of its kind. */
  serves(account: Account): boolean;
  /** The names of the tokens whose values `issue` gets as `inputs`. */
  needs(account: Account): readonly TokenName[];
  /** Resolves when `issue` can call at once. Awaited before a lease is taken, since the lease time runs. Never rejects. */
  ready(): Promise<void>;
  /** Issues a token. @throws UpstreamError when the platform issues none. */
  issue(request: IssueRequest): Promise<IssuedToken>;
  /**
   * Tries a token in a harmless call, to see whether a report over HTTP is true (R5). A source without it has no such call: then
   * every report counts as true. Never rejects because of what the platform answers.
   */
  probe?(value: string): Promise<ProbeAnswer>;
}
