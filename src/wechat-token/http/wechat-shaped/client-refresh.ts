import { Injectable } from '@nestjs/common';
import type { Account } from '../../accounts/account.js';
import {
  isRefreshBudgetError,
  isTokenUnavailableError,
} from '../../common/errors.js';
import { tokenName } from '../../common/token-name.js';
import { RowConflicts } from '../../observe/row-conflicts.js';
import { Budgets } from '../../renewal/budgets.js';
import { TokenRefresher } from '../../schedule/token-refresher.js';
import { type ApiClient, permits } from '../auth/api-keys.js';

/** What `force_refresh` of a client does: no more than its key and the budgets allow (R9). */
@Injectable()
export class ClientRefresh {
  constructor(
    private readonly refresher: TokenRefresher,
    private readonly budgets: Budgets,
    private readonly conflicts: RowConflicts,
  ) {}

  /** @throws as TokenRefresher.refresh, but for a spent budget */
  async run(account: Account, client: ApiClient): Promise<void> {
    const name = tokenName('access_token', account.name);
    // Only an operator takes the row of another app over.
    if (this.conflicts.has(name)) return;
    const actor = client.id;
    const request = { actor, reason: 'stable_token' };
    if (!permits(client, 'tokens:refresh', account.name)) {
      // The current token is good without the platform's word.
      await this.refresher.refresh(name, request).catch((error: unknown) => {
        if (!isTokenUnavailableError(error)) throw error;
      });
      return;
    }
    // An SDK may force on every request: while no forced renewal is possible this costs a read, and no write.
    if (
      (await this.budgets.untilForce({ target: { name, account }, actor })) > 0
    )
      return;
    const forced = { ...request, force: true };
    await this.refresher.refresh(name, forced).catch((error: unknown) => {
      if (!isRefreshBudgetError(error)) throw error;
    });
  }
}
