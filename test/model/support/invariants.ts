import type { ModelRow } from './model-database.js';
import type { StatementName, StatementWatcher } from './gated-runner.js';
import {
  type CallWatcher,
  type ModelMode,
  numberOf,
} from './model-platform.js';
import { CALLS } from './gates.js';
import { CALL_TIMEOUT_MS, type ModelTime } from './model-time.js';

/** More than a run takes in real time, by which the database's clock runs. */
const SLACK_MS = 3000;

/** Why a token that was issued may never be stored. */
export type Loss =
  | 'its holder crashed'
  | 'its answer was lost'
  | 'it was issued after the lease'
  | 'its write came after the lease'
  | 'its write failed';

interface Call {
  readonly leaseEnds: number;
  token?: string;
}

/**
 * Looks at every step, from outside: at the row and at the model's time, never at what a replica believes.
 *
 * (a) A newer token is never overwritten by an older one; the version only grows.
 * (b) A lease is taken only when there is none; who calls the platform holds it, with time enough left for the call. So at
 *     every moment at most one replica may call, and of the tokens issued within a lease the last one is the platform's newest.
 * (c) No replica serves an older token than it has served before (R6).
 * (d) Nobody writes under a lease that another replica holds, also after a failover that lost commits; then (b) and (c) cannot hold,
 *     since a lease or a token was lost with them.
 * (e) The end of a ticket, whose every answer says a whole life, never grows while it lasts (R7).
 */
export class Invariants implements CallWatcher, StatementWatcher {
  readonly notes: string[] = [];
  readonly losses = new Map<string, Loss>();
  private readonly calls = new Map<string, Call>();
  private hasFailedOver = false;
  private readonly served = new Map<string, number>();
  private readonly askedNow: string[] = [];
  private readonly executedNow: {
    replica: string;
    name: StatementName;
    changes: number;
  }[] = [];

  constructor(
    private readonly time: ModelTime,
    private row: ModelRow,
    private readonly mode: ModelMode,
  ) {}

  /** The newest that a replica has served so far; -1 for none. */
  newestServed(replica: string): number {
    return this.served.get(replica) ?? -1;
  }

  serves(replica: string, token: string | null): void {
    if (token === null) return;
    const newest = this.newestServed(replica);
    const number = numberOf(token);
    // The hole that no lease closes: it is the newest, which no replica could know.
    if (this.losses.get(`T${newest}`) === 'it was issued after the lease')
      return;
    if (number < newest && !this.hasFailedOver)
      fail(`${replica} serves T${number} after T${newest}`);
    this.served.set(replica, number);
  }

  asked(replica: string): void {
    this.askedNow.push(replica);
  }

  issued(replica: string, token: string): void {
    const call = this.calls.get(replica);
    // After the end no replica polls any more.
    if (!call) return;
    call.token = token;
    if (this.time.now < call.leaseEnds) return;
    this.losses.set(token, 'it was issued after the lease');
    this.note('a call arrived after its lease');
  }

  executed(replica: string, name: StatementName, changes: number): void {
    this.executedNow.push({ replica, name, changes });
  }

  crashed(replica: string, at: string): void {
    const token = this.calls.get(replica)?.token;
    if (token === undefined || at === CALLS) return;
    this.note('a crash between the call and the write');
    this.losses.set(token, 'its holder crashed');
  }

  answerLost(replica: string): void {
    this.lose(replica, 'its answer was lost');
    this.note('a lost answer');
  }

  failedOver(row: ModelRow): void {
    this.note('commits lost by a failover');
    this.row = row;
    this.hasFailedOver = true;
    this.calls.clear();
  }

  rotated(): void {
    this.note('a rotation');
  }

  writeFailed(replica: string): void {
    this.lose(replica, 'its write failed');
    this.note('a failed write');
  }

  /** The last step, recognised by the statements and calls since the one before. */
  check(row: ModelRow): void {
    const before = this.row;
    this.row = row;
    if (row.version < before.version) fail('the version went back');
    if (numberOf(row.value) < numberOf(before.value))
      fail(`${row.value} has overwritten the newer ${before.value}`);
    this.checkEnd(before, row);
    for (const { replica, name, changes } of this.executedNow.splice(0))
      this.checkStatement(replica, name, changes, before);
    for (const replica of this.askedNow.splice(0)) this.checkCall(replica, row);
    if ((before.leaseInMs ?? 0) > SLACK_MS && row.leaseInMs !== null)
      if (row.leaseInMs <= 0) this.note('a lease lapsed');
  }

  private checkStatement(
    replica: string,
    name: StatementName,
    changes: number,
    before: ModelRow,
  ): void {
    const late = (before.leaseInMs ?? 0) <= 0;
    switch (name) {
      case 'claim':
        if (changes === 0) return this.note('a claim lost');
        if ((before.leaseInMs ?? 0) > SLACK_MS)
          fail(`${replica} took the lease that ${before.leaseOwner} held`);
        if (before.leaseOwner !== null) this.note('a lapsed lease taken over');
        return;
      case 'storeRenewed':
        if (changes > 0) {
          if (before.leaseOwner !== replica)
            fail(`${replica} writes under the lease of ${before.leaseOwner}`);
          if (late) this.note('a late write before anybody took over');
        } else if (this.calls.has(replica)) {
          this.note('a late write lost');
          this.lose(replica, 'its write came after the lease');
        }
        break;
      case 'storeFailure':
        if (changes === 0) this.note('a late failure dropped');
        break;
      case 'release':
        this.note('a lease given back unused');
        break;
      default:
        return;
    }
    this.calls.delete(replica);
  }

  private checkEnd(before: ModelRow, row: ModelRow): void {
    if (this.mode !== 'ticket' || row.value !== before.value) return;
    const [was, is] = [before.endInMs ?? 0, row.endInMs ?? 0];
    if (was > SLACK_MS && is > was + SLACK_MS)
      fail(`the end of ${row.value} has grown by ${(is - was) / 1000} s`);
    if (was <= 0 && is > 0) this.note('a ticket served beyond its end');
  }

  private checkCall(replica: string, row: ModelRow): void {
    const left = row.leaseOwner === replica ? (row.leaseInMs ?? 0) : 0;
    if (this.hasFailedOver) return;
    if (left < CALL_TIMEOUT_MS - SLACK_MS)
      fail(`${replica} calls with ${Math.round(left / 1000)} s of its lease`);
    for (const [other, { leaseEnds }] of this.calls)
      if (other !== replica && leaseEnds > this.time.now + SLACK_MS)
        fail(`${replica} calls while ${other} may still be calling`);
    this.calls.set(replica, { leaseEnds: this.time.now + left });
  }

  private lose(replica: string, loss: Loss): void {
    const token = this.calls.get(replica)?.token;
    // The first reason is why the others came about.
    if (token !== undefined && !this.losses.has(token))
      this.losses.set(token, loss);
  }

  private note(what: string): void {
    this.notes.push(what);
  }
}

export class ModelViolation extends Error {}

export function fail(what: string): never {
  throw new ModelViolation(what);
}
