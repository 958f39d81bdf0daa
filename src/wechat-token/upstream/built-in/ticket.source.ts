import type { Account } from '../../accounts/account.js';
import { tokenName } from '../../common/token-name.js';
import type { Errcodes } from '../../sources/errcodes.js';
import type { Platform } from '../../sources/platform.js';
import type {
  IssueRequest,
  PlatformCall,
  SourceAnswer,
  TokenSource,
} from '../../sources/token-source.js';

/**
 * What all tickets have in common: one is made from the account's access token, is the same until its end, and always comes with a
 * life of two hours. A new access token does not end it.
 */
export abstract class TicketSource implements TokenSource {
  abstract readonly id: string;
  abstract readonly kind: string;
  abstract readonly platform: Platform;
  abstract readonly errcodes: Errcodes;
  readonly repeatedCall = 'same, life counted anew';
  readonly canForce = false;
  readonly mayCallInParallel = true;
  readonly isEarlyCallHarmless = true;
  readonly marginSeconds = 300;
  readonly rejectionHealedBy = 'call';

  abstract serves(account: Account): boolean;

  needs({ name }: Account): string[] {
    return [tokenName('access_token', name)];
  }

  async issue({ callWith }: IssueRequest): Promise<SourceAnswer> {
    const answer = await callWith('access_token', (token) => ({
      method: 'GET',
      repeatable: 'any host',
      ...this.callFor(token),
    }));
    return { value: answer['ticket'], expiresIn: answer['expires_in'] };
  }

  protected abstract callFor(
    accessToken: string,
  ): Pick<PlatformCall, 'path' | 'params'>;
}
