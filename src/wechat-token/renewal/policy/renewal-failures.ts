import { Injectable } from '@nestjs/common';
import type { TokenName } from '../../common/token-name.js';

/** Why a token could not be renewed: the class of the platform's failure, or that its stored value could not be decrypted. */
export interface Failure {
  readonly class: string;
  /** On this process's clock. */
  readonly at: number;
  /** What the platform was asked with; undefined where it was not asked. */
  readonly credentialId?: string;
}

/** The tokens whose last renewal by this replica failed, for health: at most one entry for each token of the app's accounts. */
@Injectable()
export class RenewalFailures {
  private readonly byName = new Map<TokenName, Failure>();

  note(name: TokenName, failure: Failure): void {
    this.byName.set(name, failure);
  }

  clear(name: TokenName): void {
    this.byName.delete(name);
  }

  all(): Iterable<[TokenName, Failure]> {
    return this.byName;
  }

  /** Forgets those of accounts that were removed. */
  forgetAllBut(names: ReadonlySet<TokenName>): void {
    for (const name of this.byName.keys())
      if (!names.has(name)) this.byName.delete(name);
  }
}
