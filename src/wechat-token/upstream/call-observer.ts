import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { Observers } from '../common/observers.js';

/** Reports what comes of the requests to WeChat, and when. */
@Injectable()
export class CallObserver {
  constructor(
    private readonly observers: Observers,
    private readonly clock: Clock,
  ) {}

  /** @param errcodeIn The errcode of an answer that is an error. */
  async observe<Answer>(
    path: string,
    asking: Promise<Answer>,
    errcodeIn: (answer: Answer) => number | undefined,
  ): Promise<Answer> {
    const sentAt = this.clock.now();
    const report = (what: {
      readonly outcome: 'ok' | 'refused' | 'failed';
      readonly errcode?: number;
    }) =>
      this.observers.report('call', {
        // A query may hold anything.
        path: path.replace(/[?#].*/s, ''),
        latencyMs: this.clock.now() - sentAt,
        ...what,
      });
    try {
      const answer = await asking;
      const errcode = errcodeIn(answer);
      report(
        errcode === undefined
          ? { outcome: 'ok' }
          : { outcome: 'refused', errcode },
      );
      return answer;
    } catch (error) {
      report({ outcome: 'failed' });
      throw error;
    }
  }
}
