import type { TicketSpace, TicketType } from './ticket-space.js';
import type { TokenKind, TokenSpace } from './token-space.js';

/** A refusal, by the platform's errcode. */
export interface Refusal {
  readonly errcode: number;
}

/** What an account of WeChat and an application of WeCom have in common. */
export abstract class PlatformAccount {
  /** The appid; of a WeCom application its corp id and agent id, see `fakeAppId`. */
  abstract readonly appId: string;
  /** Its tokens by kind; the first kind is the one meant where none is given. */
  abstract readonly tokenSpaces: readonly [TokenSpace, ...TokenSpace[]];
  abstract readonly ticketSpaces: readonly TicketSpace[];
  /** A revoked account: every token is refused, old ones and new ones. */
  revoked = false;

  constructor(protected secret: string) {}

  changeSecret(newSecret: string): void {
    this.secret = newSecret;
  }

  hasSecret(secret: string): boolean {
    return this.secret === secret;
  }

  /** Returns its tokens of a kind. @throws Error when it has none of this kind */
  tokenSpace(kind: TokenKind = this.tokenSpaces[0].kind): TokenSpace {
    const space = this.tokenSpaces.find((each) => each.kind === kind);
    if (space) return space;
    const kinds = this.tokenSpaces.map((each) => each.kind).join(' and ');
    throw new Error(
      `FakeWechat: ${this.appId} has tokens of kind ${kinds}, not ${kind}.`,
    );
  }

  /** Returns its tickets of a type. @throws Error when it has none of this type */
  ticketSpace(type: TicketType): TicketSpace {
    const space = this.ticketSpaces.find((each) => each.type === type);
    if (space) return space;
    const types = this.ticketSpaces.map((each) => each.type).join(' and ');
    throw new Error(
      `FakeWechat: ${this.appId} has tickets of type ${types}, not ${type}.`,
    );
  }
}
