import { Injectable } from '@nestjs/common';
import { InvalidArgumentError } from '../common/errors.js';
import { DEFAULT_ACCOUNT } from '../common/token-name.js';
import type { AccessTokenOptions } from './access-token-options.js';
import { signatureMessages } from './signature.messages.js';
import { SignatureStamps } from './signature-stamps.js';
import { cardSignature } from './signatures.js';
import { KnownAccounts } from './known-accounts.js';
import { TokenProvider } from './token.provider.js';

/** A card that a user is to add. Only `cardId`, `code` and `openId` are signed. */
export interface CardToAdd {
  /** The id of the card, such as `pjZ8Yt1XGILfi-FUsewpnnolGgZk`. */
  readonly cardId: string;
  /** The code, for a card whose codes are your own. Default: none. */
  readonly code?: string | undefined;
  /** The only user who may add the card, for a card with `bind_openid`. Default: none. */
  readonly openId?: string | undefined;
  /** When a card with DATE_TYPE_FIX_TERM becomes valid, whole seconds since 1970. Default: when it is added. */
  readonly fixedBeginTimestamp?: number | undefined;
  /** Where the user got the card, for your statistics. Default: none. */
  readonly outerStr?: string | undefined;
}

/** The fields of `cardExt`, which `wx.addCard` takes as one JSON string. Fields that are not used are left out. */
export interface CardExt {
  readonly code?: string;
  readonly openid?: string;
  /** Whole seconds since 1970-01-01 UTC, as a string. */
  readonly timestamp: string;
  /** 32 hex digits; never the same again. */
  readonly nonce_str: string;
  readonly fixed_begintimestamp?: number;
  readonly outer_str?: string;
  /** SHA-1, 40 hex digits. */
  readonly signature: string;
}

/** Which of the user's cards are shown; an empty string or none: all. */
export interface CardFilter {
  readonly shopId?: string | undefined;
  /** Such as `GROUPON`. */
  readonly cardType?: string | undefined;
  readonly cardId?: string | undefined;
}

/** The fields of `wx.chooseCard`. */
export interface ChooseCardConfig extends Required<CardFilter> {
  readonly shopId: string;
  readonly cardType: string;
  readonly cardId: string;
  /** Whole seconds since 1970-01-01 UTC. */
  readonly timestamp: number;
  /** 32 hex digits; never the same again. */
  readonly nonceStr: string;
  readonly signType: 'SHA1';
  /** SHA-1, 40 hex digits. */
  readonly cardSign: string;
}

/** Signs cards and coupons. The account is an official account with the ticket `wx_card` in its setting `tickets`. */
@Injectable()
export class CardSignatureService {
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
   * Signs a card for `wx.addCard`, which takes `JSON.stringify` of the answer as `cardExt`, beside the same `cardId`.
   * @param account The account's name; default: `default`. For a mini program, name the official account that the card belongs to.
   * @throws InvalidArgumentError that names the field; TokenUnavailableError when there is no ticket in time; UnknownTokenError when
   * the account has no such ticket; UnknownAccountError; AccountSourceError.
   * @see https://developers.weixin.qq.com/doc/offiaccount/OA_Web_Apps/JS-SDK.html appendix 4
   */
  async cardExt(
    card: CardToAdd,
    account: string = DEFAULT_ACCOUNT,
    options?: AccessTokenOptions,
  ): Promise<CardExt> {
    const { fixedBeginTimestamp } = card;
    const cardId = textOf('cardId', card.cardId);
    if (cardId === '')
      throw new InvalidArgumentError(signatureMessages.cardMissing(), 'cardId');
    const code = textOf('code', card.code);
    const openid = textOf('openId', card.openId);
    const outerStr = textOf('outerStr', card.outerStr);
    checkSeconds('fixedBeginTimestamp', fixedBeginTimestamp);

    const ticket = await this.#tokens.getToken(TICKET, account, options);
    const { timestamp: seconds, nonceStr } = this.#stamps.next();
    const timestamp = String(seconds);
    return {
      ...(code && { code }),
      ...(openid && { openid }),
      timestamp,
      nonce_str: nonceStr,
      ...(fixedBeginTimestamp !== undefined && {
        fixed_begintimestamp: fixedBeginTimestamp,
      }),
      ...(outerStr && { outer_str: outerStr }),
      signature: cardSignature([
        ticket,
        timestamp,
        cardId,
        code,
        openid,
        nonceStr,
      ]),
    };
  }

  /**
   * Signs `wx.chooseCard`, which lets the user choose among the cards that they have.
   * @param filter Default: all cards.
   * @param account The account's name; default: `default`.
   * @throws As {@link cardExt}.
   * @see https://developers.weixin.qq.com/doc/offiaccount/OA_Web_Apps/JS-SDK.html appendix 4
   */
  async chooseCard(
    filter: CardFilter = {},
    account: string = DEFAULT_ACCOUNT,
    options?: AccessTokenOptions,
  ): Promise<ChooseCardConfig> {
    const shopId = textOf('shopId', filter.shopId);
    const cardType = textOf('cardType', filter.cardType);
    const cardId = textOf('cardId', filter.cardId);

    const { appId } = await this.#accounts.get(account);
    const ticket = await this.#tokens.getToken(TICKET, account, options);
    const { timestamp, nonceStr } = this.#stamps.next();
    const values = [appId, shopId, String(timestamp), nonceStr];
    return {
      shopId,
      cardType,
      cardId,
      timestamp,
      nonceStr,
      signType: 'SHA1',
      cardSign: cardSignature([ticket, ...values, cardId, cardType]),
    };
  }
}

const TICKET = 'wx_card_ticket';
/** The year 5138; as milliseconds, 1973. */
const MAX_SECONDS = 1e11;

/** The text, empty for none. @throws InvalidArgumentError */
function textOf(argument: string, value: string | undefined): string {
  const text: unknown = value ?? '';
  if (typeof text !== 'string')
    throw new InvalidArgumentError(
      signatureMessages.badText(argument),
      argument,
    );
  return text;
}

/** @throws InvalidArgumentError */
function checkSeconds(argument: string, value: number | undefined): void {
  if (value === undefined) return;
  if (!Number.isInteger(value) || value < 1 || value >= MAX_SECONDS)
    throw new InvalidArgumentError(
      signatureMessages.badSeconds(argument),
      argument,
    );
}
