import type { Account } from '../accounts/account.js';
import type { TokenKind } from '../common/token-name.js';
import { UnknownTokenError } from '../common/errors.js';
import { messages } from '../common/messages.js';
import type { TokenSource } from './token-source.js';

/** The registered sources. */
export class TokenSources {
  constructor(private readonly sources: readonly TokenSource[]) {}

  /** Finds the source of an account's token of a kind. @throws UnknownTokenError when there is none. */
  get(kind: TokenKind, account: Account): TokenSource {
    const source = this.sources.find(
      (candidate) => candidate.kind === kind && candidate.serves(account),
    );
    if (!source)
      throw new UnknownTokenError(messages.unknownToken(kind, account.name));
    return source;
  }

  /** The kinds of token that are issued for some account. */
  get kinds(): ReadonlySet<TokenKind> {
    return new Set(this.sources.map(({ kind }) => kind));
  }

  /** The kinds of token that this account has, by the registered sources. */
  kindsOf(account: Account): TokenKind[] {
    const served = this.sources.filter((source) => source.serves(account));
    return [...new Set(served.map((source) => source.kind))];
  }
}
