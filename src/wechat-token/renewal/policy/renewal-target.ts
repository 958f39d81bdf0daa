import { Injectable } from '@nestjs/common';
import type { Account } from '../../accounts/account.js';
import { Accounts } from '../../accounts/accounts.js';
import {
  isUnknownAccountError,
  isUnknownTokenError,
  isWechatTokenError,
  UnknownTokenError,
} from '../../common/errors.js';
import { fingerprint } from '../../common/fingerprint.js';
import { messages } from '../../common/messages.js';
import { WechatTokenSettings } from '../../common/settings.js';
import {
  parseTokenName,
  type TokenKind,
  type TokenName,
  tokenName,
} from '../../common/token-name.js';
import type { TokenSource } from '../../sources/token-source.js';
import { TokenSources } from '../../upstream/token-sources.js';

/** A token's name with all that is needed to renew the token. */
export interface RenewalTarget {
  readonly name: TokenName;
  readonly account: Account;
  readonly source: TokenSource;
  /** All that the platform's answer to a call depends on here: credentials, mode, and where the call is sent. Holds no secret. */
  readonly circumstances: string;
}

/** The token's remark in the table, for people. */
export function remarkOf(name: TokenName, appId: string): string {
  const { kind } = parseTokenName(name);
  return `${kind} of ${appId}, kept valid by nestjs-wechat-token`;
}

/** Finds the account and the source behind a name. */
@Injectable()
export class RenewalTargets {
  /** Where the calls of a source are sent: hashed once for each source. */
  private readonly places = new WeakMap<TokenSource, string>();

  constructor(
    private readonly accounts: Accounts,
    private readonly sources: TokenSources,
    private readonly settings: WechatTokenSettings,
  ) {}

  /** Whether accounts may be added or removed while the app runs. */
  get canChange(): boolean {
    return this.accounts.canChange;
  }

  /** The kinds that some account may have. */
  get kinds(): ReadonlySet<TokenKind> {
    return this.sources.kinds;
  }

  /** @throws UnknownAccountError, UnknownTokenError, AccountSourceError */
  async get(name: TokenName): Promise<RenewalTarget> {
    const parsed = parseTokenName(name);
    const account = await this.accounts.get(parsed.account);
    // `access_token:default` would be a second row for one account, and the two would end each other's tokens.
    if (tokenName(parsed.kind, account.name) !== name)
      throw new UnknownTokenError(
        messages.unknownToken(parsed.kind, parsed.account),
      );
    return this.targetOf(name, parsed.kind, account);
  }

  /** As {@link get}; undefined for a token of an unknown account or kind. */
  async find(name: TokenName): Promise<RenewalTarget | undefined> {
    try {
      return await this.get(name);
    } catch (error) {
      if (isUnknownAccountError(error) || isUnknownTokenError(error))
        return undefined;
      throw error;
    }
  }

  /**
   * The targets of all accounts.
   * @param onSkipped Called for each account, and each token, that cannot be used.
   * @throws AccountSourceError
   */
  async *all(onSkipped: () => void): AsyncGenerator<RenewalTarget> {
    for await (const account of this.accounts.list(onSkipped))
      for (const kind of this.sources.kindsOf(account)) {
        const name = tokenName(kind, account.name);
        const target = this.usableTarget(name, kind, account);
        if (target) yield target;
        else onSkipped();
      }
  }

  /** Undefined where the source is at fault; whoever asks for the token is told how. */
  private usableTarget(
    ...of: Parameters<RenewalTargets['targetOf']>
  ): RenewalTarget | undefined {
    try {
      return this.targetOf(...of);
    } catch (error) {
      if (isWechatTokenError(error)) return undefined;
      throw error;
    }
  }

  private targetOf(
    name: TokenName,
    kind: TokenKind,
    account: Account,
  ): RenewalTarget {
    const source = this.sources.get(kind, account);
    const place = this.placeOf(source);
    const circumstances = `${account.credentialId} ${source.id} ${place}`;
    return { name, account, source, circumstances };
  }

  private placeOf(source: TokenSource): string {
    const known = this.places.get(source);
    if (known !== undefined) return known;
    const { baseUrl, fallbackUrls } = source.platform;
    const { proxyUrl } = this.settings.api;
    const place = fingerprint(
      JSON.stringify([baseUrl, fallbackUrls, proxyUrl]),
    );
    this.places.set(source, place);
    return place;
  }

  /** The names of all tokens of one account. @throws UnknownAccountError, AccountSourceError */
  async namesOf(accountName: string): Promise<TokenName[]> {
    const account = await this.accounts.get(accountName);
    const kinds = this.sources.kindsOf(account);
    return kinds.map((kind) => tokenName(kind, account.name));
  }
}
