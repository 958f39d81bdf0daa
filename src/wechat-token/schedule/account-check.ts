import { Injectable } from '@nestjs/common';
import { inParallel } from '../common/in-parallel.js';
import { WechatTokenSettings } from '../common/settings.js';
import { TokenJournal } from '../observe/token-journal.js';
import { RenewalTargets } from '../renewal/policy/renewal-target.js';
import { Renewer } from '../renewal/renewer.js';
import { AccountScan } from './account-scan.js';
import { Rounds } from './rounds.js';

/** How soon an account that the app adds or removes is noticed, also when nobody asks for its token. */
const CHECK_EVERY_MS = 60_000;
/** How soon the place of a row is noticed that an older release, beside this one, has put far too late. */
const CHECK_PLACES_EVERY_MS = 3_600_000;
const RETRY_AFTER_MS = 5000;

/** Brings the tokens in line with the accounts. */
@Injectable()
export class AccountCheck {
  /** Whether all accounts have been read once, and their rows. */
  hasRead = false;
  /** Whether the last check failed. */
  isFailing = false;

  constructor(
    private readonly scan: AccountScan,
    private readonly rounds: Rounds,
    private readonly renewer: Renewer,
    private readonly targets: RenewalTargets,
    private readonly journal: TokenJournal,
    private readonly settings: WechatTokenSettings,
  ) {}

  /**
   * As {@link check}; a failure is logged.
   * @returns When to check again, in milliseconds: soon after a failure, and where accounts may change.
   */
  async run(): Promise<number> {
    try {
      await this.check();
      this.isFailing = false;
      return this.targets.canChange ? CHECK_EVERY_MS : CHECK_PLACES_EVERY_MS;
    } catch (error) {
      this.isFailing = true;
      this.journal.problem('account scan failed', error);
      return RETRY_AFTER_MS;
    }
  }

  /**
   * R12: scans all accounts, a batch of tokens in one statement, then renews what is due. Valid tokens cost no call.
   * @throws StoreError, AccountSourceError
   */
  async check(): Promise<void> {
    const changed = await this.scan.run(() => this.renewer.isStopping);
    this.hasRead = true;
    if (this.settings.role === 'reader') return;
    await this.rounds.begin();
    const { concurrency } = this.settings.refresh;
    await inParallel(changed, concurrency, async (name) => {
      try {
        await this.renewer.renew(name, { kind: 'due' });
      } catch (error) {
        this.journal.notRenewed(name, error);
      }
    });
  }
}
