import type { Account } from '../accounts/account.js';
import { parseTokenName, type TokenKind } from '../common/token-name.js';
import { UnknownTokenError } from '../common/errors.js';
import { messages } from '../common/messages.js';
import type { TokenSource } from '../sources/token-source.js';

/** The registered sources. */
export class TokenSources {
  constructor(private readonly sources: readonly TokenSource[]) {}

  /** Finds the source of an account's token of a kind. @throws UnknownTokenError when there is none. */
  get(kind: TokenKind, account: Account): TokenSource {
    const source = this.find(kind, account);
    if (!source)
      throw new UnknownTokenError(messages.unknownToken(kind, account.name));
    this.refuseCircle(source, account, []);
    return source;
  }

  /** A token that is made from itself could never be had: whoever renews it would wait for it. Within one account. */
  private refuseCircle(
    source: TokenSource,
    account: Account,
    path: readonly TokenKind[],
  ): void {
    const kinds = [...path, source.kind];
    if (path.includes(source.kind))
      throw new UnknownTokenError(messages.circleOfTokens(kinds));
    for (const name of source.needs?.(account) ?? []) {
      const needed = parseTokenName(name);
      if (needed.account !== account.name) continue;
      const next = this.find(needed.kind, account);
      if (next) this.refuseCircle(next, account, kinds);
    }
  }

  private find(kind: TokenKind, account: Account): TokenSource | undefined {
    return this.sources.find(
      (candidate) => candidate.kind === kind && candidate.serves(account),
    );
  }

  /** The kinds of token that are issued for some account. */
  get kinds(): ReadonlySet<TokenKind> {
    return new Set(this.sources.map(({ kind }) => kind));
  }

  /** The kinds of token that this account has, by the registered sources. */
  kindsOf(account: Account): TokenKind[] {
    const served = this.sources.filter((source) => serves(source, account));
    return [...new Set(served.map((source) => source.kind))];
  }
}

/** A source that cannot say it takes no other token from the account; whoever asks for its own gets the error. */
function serves(source: TokenSource, account: Account): boolean {
  try {
    return source.serves(account);
  } catch {
    return false;
  }
}
