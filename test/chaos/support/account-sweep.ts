import { tokenAnswer } from '../../support/app-sandbox.js';
import { queryOnce } from '../../support/connect.js';
import type { ChaosRun } from './chaos-run.js';
import { utcNow } from './row-watch.js';

/**
 * Reads the tokens and the rows of many accounts, and judges them as the callers do those of the default one.
 * @see Callers
 */
export class AccountSweep {
  /** When the platform issued tokens, seconds of the run. */
  private readonly issues: { readonly appId: string; readonly at: number }[] =
    [];

  constructor(
    private readonly run: ChaosRun,
    private readonly databaseUrl: string,
    /** The default account's first. */
    private readonly appIds: readonly string[],
  ) {
    run.wechat.onIssue(({ appId }) => {
      this.issues.push({ appId, at: run.tally.now });
    });
  }

  /** Of each bad token: how long after the platform had issued another one for its account, seconds. */
  lags(): number[] {
    const { incidents } = this.run.tally;
    return incidents
      .filter(({ kind }) => kind === 'bad token')
      .map(({ where, at }) => {
        // The harness names the replica, whose callers read the default account's.
        const appId = this.appIds.includes(where) ? where : this.appIds[0];
        const earlier = this.issues.filter(
          (issue) => issue.appId === appId && issue.at <= at,
        );
        return at - Math.max(...earlier.map((issue) => issue.at));
      });
  }

  /** Every account's token once, from a replica chosen by chance, and every row. */
  async sweep(): Promise<void> {
    const reads = this.appIds.map((appId) => this.read(appId));
    await Promise.all([...reads, this.checkRows()]);
  }

  private async read(appId: string): Promise<void> {
    const { wechat, tally, random, up } = this.run;
    const replica = random.pick(up);
    if (!replica) return;
    const { access_token: token, ...rest } = await tokenAnswer(replica.url, {
      appid: appId,
    });
    if (token === undefined) tally.note('refusal', appId, JSON.stringify(rest));
    else if (!wechat.accepts(token)) {
      tally.note('bad token', appId, `from ${replica.name}`);
    }
  }

  private async checkRows(): Promise<void> {
    const rows = await this.query('SELECT name, value FROM system_var');
    const issued = new Set(this.run.wechat.issuedTokens);
    for (const { name, value } of rows)
      if (typeof value === 'string' && !issued.has(value))
        this.run.tally.note(
          'garbage',
          String(name),
          `${value.length} characters`,
        );
  }

  /** Every row is due from now on, however new its token. */
  async makeDue(): Promise<void> {
    await this.query(`UPDATE system_var SET refresh_at = ${this.now}`);
  }

  /** Whether every account has a token that is not due, and none of them has a failure behind it. */
  async isRenewed(): Promise<boolean> {
    const [row] = await this.query(
      `SELECT COUNT(*) AS renewed FROM system_var
        WHERE value IS NOT NULL AND refresh_at > ${this.now} AND failure_count = 0`,
    );
    return Number(row?.['renewed']) === this.appIds.length;
  }

  private query(sql: string) {
    return queryOnce(this.databaseUrl, sql);
  }

  private get now(): string {
    return utcNow(this.databaseUrl);
  }
}
