import type { Account } from '../accounts/account.js';
import type { TokenKind, TokenName } from '../common/token-name.js';

/** What the platform issued: believed only after {@link parseIssued}. */
export interface IssuedToken {
  readonly value: string;
  /** The life that is left, milliseconds from the moment before the request was sent. */
  readonly lifeMs: number;
}

export interface IssueRequest {
  readonly account: Account;
  /** The valid values of the tokens that the source said it needs. */
  readonly inputs: ReadonlyMap<TokenName, string>;
  /** Stable mode: end the current token and issue another (R9). */
  readonly force: boolean;
}

/**
 * What issues a value upstream. A source may need the values of others, so sources form a graph of any depth:
 * the engine has them all valid before it asks.
 */
export interface TokenSource {
  /** Stored in the row's `source`; at most 32 characters. */
  readonly id: string;
  readonly kind: TokenKind;
  /** Each call ends the token before: never ask without need, and only under the lease. */
  readonly rotatesOnEveryCall: boolean;
  /** Whether it issues this account's tokens of its kind. */
  serves(account: Account): boolean;
  /** Names of the tokens whose values `issue` gets as its inputs. */
  needs(account: Account): readonly TokenName[];
  /** Resolves when `issue` will ask at once: to be awaited before a lease is taken, whose time runs. Never rejects. */
  ready(): Promise<void>;
  /** @throws UpstreamError when the platform issues none. */
  issue(request: IssueRequest): Promise<IssuedToken>;
}
