import type { Account } from '../accounts/account.js';
import { parseTokenName, type TokenKind } from '../common/token-name.js';
import { kindOf } from '../common/error-reason.js';
import {
  isWechatTokenError,
  TokenUnavailableError,
  UnknownTokenError,
} from '../common/errors.js';
import { messages } from '../common/messages.js';
import type { TokenSource } from '../sources/token-source.js';
import { upstreamMessages } from './upstream.messages.js';

/** The registered sources. */
export class TokenSources {
  private readonly sources: readonly TokenSource[];

  constructor(sources: readonly TokenSource[]) {
    this.sources = sources.map(guarded);
  }

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

/** R15: what the app's own code throws when it is asked about an account may quote a secret. */
function guarded(source: TokenSource): TokenSource {
  const guard =
    <Answer>(ask: (account: Account) => Answer) =>
    (account: Account): Answer => {
      try {
        return ask(account);
      } catch (error) {
        if (isWechatTokenError(error)) throw error;
        const message = upstreamMessages.sourceFailed(source.id, kindOf(error));
        throw new TokenUnavailableError(message);
      }
    };
  const asked = new Map<PropertyKey, unknown>([
    ['serves', guard((account) => source.serves(account))],
    ['needs', guard((account) => source.needs?.(account))],
    ['limits', guard((account) => source.limits?.(account))],
  ]);
  return new Proxy(source, {
    get: (_, field) => {
      const value: unknown = asked.get(field) ?? Reflect.get(source, field);
      return typeof value === 'function' ? value.bind(source) : value;
    },
  });
}
