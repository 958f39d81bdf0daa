import { Injectable } from '@nestjs/common';
import { InvalidArgumentError } from '../common/errors.js';
import { DEFAULT_ACCOUNT, type TokenKind } from '../common/token-name.js';
import type { AccessTokenOptions } from './access-token-options.js';
import { signatureMessages } from './signature.messages.js';
import { type SignatureStamp, SignatureStamps } from './signature-stamps.js';
import { jsapiSignature, pageUrl } from './signatures.js';
import { KnownAccounts } from './known-accounts.js';
import { TokenProvider } from './token.provider.js';

interface PageSignature extends SignatureStamp {
  /** SHA-1, 40 hex digits. */
  readonly signature: string;
}

/** The fields of `wx.config` that a server computes. */
export interface JsapiConfig extends PageSignature {
  /** The account's appid; a WeCom account's corpid. */
  readonly appId: string;
}

/** The fields of `wx.agentConfig` that a server computes. */
export interface AgentConfig extends PageSignature {
  readonly corpid: string;
  readonly agentid: string;
}

/** Signs web pages, so that they may use the JS-SDK of WeChat and WeCom. The tickets are kept valid as the access tokens are. */
@Injectable()
export class JsapiSignatureService {
  readonly #tokens: TokenProvider;
  readonly #accounts: KnownAccounts;
  readonly #stamps: SignatureStamps;

  constructor(
    tokens: TokenProvider,
    accounts: KnownAccounts,
    stamps: SignatureStamps,
  ) {
    this.#tokens = tokens;
    this.#accounts = accounts;
    this.#stamps = stamps;
  }

  /**
   * Signs a page for `wx.config`, which also takes `jsApiList`. An official account needs the ticket `jsapi`, a WeCom account `corp`,
   * in its setting `tickets`.
   * @param url The page's `location.href`; what follows a `#` is not signed. Sign only pages of your own.
   * @param account The account's name; default: `default`.
   * @throws InvalidArgumentError for the url; TokenUnavailableError when there is no ticket in time; UnknownTokenError when the account
   * has no such ticket; UnknownAccountError; AccountSourceError.
   * @see https://developers.weixin.qq.com/doc/offiaccount/OA_Web_Apps/JS-SDK.html
   * @see https://developer.work.weixin.qq.com/document/path/96909
   */
  async sign(
    url: string,
    account: string = DEFAULT_ACCOUNT,
    options?: AccessTokenOptions,
  ): Promise<JsapiConfig> {
    const page = pageUrl(url);
    const { appId, corpId } = await this.#accounts.get(account);
    const kind = corpId === undefined ? 'jsapi_ticket' : 'corp_ticket';
    const signed = await this.signPage(page, kind, account, options);
    return { appId: corpId ?? appId, ...signed };
  }

  /**
   * Signs a page for `wx.agentConfig`, which also takes `jsApiList`. The account is an application of WeCom with an `agentId`, and
   * needs the ticket `agent` in its setting `tickets`.
   * @param url As for {@link sign}.
   * @param account The account's name; default: `default`.
   * @throws As {@link sign}; InvalidArgumentError for an account that is no application of WeCom.
   * @see https://developer.work.weixin.qq.com/document/path/96909
   */
  async signAgentConfig(
    url: string,
    account: string = DEFAULT_ACCOUNT,
    options?: AccessTokenOptions,
  ): Promise<AgentConfig> {
    const page = pageUrl(url);
    const { corpId, agentId } = await this.#accounts.get(account);
    if (corpId === undefined || agentId === undefined)
      throw new InvalidArgumentError(
        signatureMessages.notAnApplication(account),
        'account',
      );
    const signed = await this.signPage(page, 'agent_ticket', account, options);
    return { corpid: corpId, agentid: agentId, ...signed };
  }

  private async signPage(
    url: string,
    kind: TokenKind,
    account: string,
    options?: AccessTokenOptions,
  ): Promise<PageSignature> {
    const ticket = await this.#tokens.getToken(kind, account, options);
    const stamp = this.#stamps.next();
    return { ...stamp, signature: jsapiSignature({ ticket, url, ...stamp }) };
  }
}
