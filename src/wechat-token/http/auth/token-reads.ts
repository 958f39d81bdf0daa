import { Injectable } from '@nestjs/common';
import { Observers } from '../../common/observers.js';
import type { TokenName } from '../../common/token-name.js';
import type { HttpRequest } from '../problem/http-request.js';
import { addressOf } from './address-of.js';

/** A token that is given to a client. */
interface Read {
  readonly name: TokenName;
  readonly fingerprint: string;
  /** The id of an API key, or of the app's user. */
  readonly actor: string;
  /** Such as `GET /cgi-bin/token`. */
  readonly route: string;
}

/** Reports who was given which token, so that it can be told afterwards. */
@Injectable()
export class TokenReads {
  constructor(private readonly observers: Observers) {}

  report(
    { name, fingerprint, actor, route }: Read,
    sender: Pick<HttpRequest, 'ip' | 'socket'>,
  ): void {
    if (!this.observers.want('read')) return;
    const address = addressOf(sender);
    // Written out: a spread takes longer than all the rest.
    this.observers.report('read', { name, fingerprint, actor, address, route });
  }
}
