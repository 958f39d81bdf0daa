import { Injectable } from '@nestjs/common';
import { TokenProvider } from '../../access/token.provider.js';
import type { TokenReader } from '../../access/token-reader.js';
import type { Account } from '../../accounts/account.js';
import { Accounts } from '../../accounts/accounts.js';
import { fingerprint } from '../../common/fingerprint.js';
import { DEFAULT_ACCOUNT } from '../../common/token-name.js';
import { ApiKeyAuthenticator } from '../auth/api-key-authenticator.js';
import { type ApiClient, permits } from '../auth/api-keys.js';
import type { HttpRequest } from '../problem/http-request.js';
import type { Refusal, ShapedPlatform } from './shaped-platforms.js';

/** Whose token is asked for, and who asks. */
export interface Holder {
  readonly account: Pick<Account, 'name'>;
  /** As reads of a token are reported: the id of an API key, or the fingerprint of the token that was sent. */
  readonly actor: string;
}

/** Of an API key. */
export interface KeyHolder extends Holder {
  readonly account: Account;
  readonly client: ApiClient;
}

/** A value, or a promise where an AccountSource has to be asked, or the answer is delayed. */
export type Found<Value> = Value | Refusal | Promise<Value | Refusal>;

/** Which account a client means, as it was sent. */
export interface Asked {
  readonly platform: ShapedPlatform;
  readonly sender: HttpRequest;
  /** The appid, or the corpid. */
  readonly platformId: unknown;
  /** Of an application of WeCom. */
  readonly agentId?: unknown;
}

/** Identifies the clients of a platform's own API: by an API key in place of a secret, or by an access token. */
@Injectable()
export class PlatformClients {
  private readonly accessTokens: TokenReader;

  constructor(
    private readonly apiKeys: ApiKeyAuthenticator,
    private readonly accounts: Accounts,
    tokens: TokenProvider,
  ) {
    this.accessTokens = tokens.ofKind('access_token');
  }

  /** The sender of an API key in place of a secret. */
  byKey(key: string, asked: Asked): Found<KeyHolder> {
    const client = this.apiKeys.authenticate(key, asked.sender);
    return client instanceof Promise
      ? client.then(({ retryAfter }) =>
          retryAfter ? 'tooOften' : 'secretWrong',
        )
      : this.withAccount(client, asked);
  }

  /** The sender of an access token, which is a current one that this process holds, or an API key. */
  byToken(token: string, asked: Asked): Found<Holder> {
    const name = this.accessTokens.accountOf(token);
    if (name !== undefined)
      return { account: { name }, actor: `token ${fingerprint(token)}` };
    const client = this.apiKeys.authenticateInToken(token, asked.sender);
    if (client instanceof Promise)
      return client.then(({ retryAfter }) =>
        retryAfter ? 'tooOften' : 'tokenWrong',
      );
    if (asked.platformId !== undefined) return this.withAccount(client, asked);
    if (asked.agentId !== undefined) return 'appIdMissing';
    return client.accounts
      ? onlyAccountOf(client, client.accounts)
      : this.withDefault(client, asked);
  }

  /** The account that needs no name, for a key for all accounts that does not say which. */
  private async withDefault(
    client: ApiClient,
    { platform }: Asked,
  ): Promise<Holder | Refusal> {
    const account = await this.accounts.find(DEFAULT_ACCOUNT);
    return account && platform.has(account)
      ? onlyAccountOf(client, [DEFAULT_ACCOUNT])
      : 'appIdMissing';
  }

  /** Accounts that the key may not use get the same answer as an unknown id. */
  private withAccount(client: ApiClient, asked: Asked): Found<KeyHolder> {
    const { platform, platformId, agentId } = asked;
    if (typeof platformId !== 'string') return 'appIdWrong';
    const mayUse = (account: Account) =>
      platform.has(account) &&
      (agentId === undefined || account.agentId === agentId) &&
      permits(client, 'tokens:issue', account.name);
    const found = this.accounts.findByAppId(platformId, mayUse);
    const choose = (account: Account | undefined): Found<KeyHolder> => {
      if (!account)
        return agentId === undefined ? 'appIdWrong' : 'agentIdWrong';
      const holder = { account, actor: client.id, client };
      const isChosen = agentId !== undefined || client.accounts?.length === 1;
      if (isChosen || !platform.hasApplications) return holder;
      const isAnother = (one: Account) =>
        one.name !== account.name && mayUse(one);
      const other = this.accounts.findByAppId(platformId, isAnother);
      if (other instanceof Promise)
        return other.then((one) => (one ? 'severalApplications' : holder));
      return other ? 'severalApplications' : holder;
    };
    return found instanceof Promise ? found.then(choose) : choose(found);
  }
}

/** For a client that does not say which. */
function onlyAccountOf(
  client: ApiClient,
  [name, ...others]: readonly string[],
): Holder | Refusal {
  if (name === undefined || others.length > 0) return 'appIdMissing';
  return permits(client, 'tokens:issue', name)
    ? { account: { name }, actor: client.id }
    : 'appIdWrong';
}
