import { Injectable } from '@nestjs/common';
import { HttpProblem } from '../problem/http-problem.js';
import { adminMessages } from './admin.messages.js';

/** Each open stream may have one. */
const MAX_WAITING = 40;
const RETRY_SECONDS = 5;

/** Statements that read every row, one at a time: the others of the engine's few connections stay free for renewals. */
@Injectable()
export class TableScans {
  private last: Promise<unknown> = Promise.resolve();
  private waiting = 0;

  /** @throws HttpProblem when too many are waiting, and what the work throws. */
  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.waiting >= MAX_WAITING)
      throw new HttpProblem(503, adminMessages.tooManyScans(), {
        retryAfter: RETRY_SECONDS,
      });
    this.waiting++;
    const running = this.last.then(work).finally(() => this.waiting--);
    this.last = running.catch(() => undefined);
    return running;
  }
}
