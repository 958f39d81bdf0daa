import { Injectable, type MessageEvent } from '@nestjs/common';
import { Observable, type Subscriber } from 'rxjs';
import { Clock } from '../clock.js';
import type { TokenRow } from '../store/token-row.js';
import { messages } from '../wechat-token.messages.js';
import { statusOf } from './admin-view.js';
import { AdminViews } from './admin-views.js';
import type { Caller } from './caller.js';
import { HttpProblem } from './http-problem.js';
import type { TokenPageQuery } from './requests.js';

/** Each costs a statement a second. */
const MOST_STREAMS = 20;
const RETRY_SECONDS = 30;
const LOOK_EVERY_MS = 1000;
/** Proxies cut what is silent for a minute, some for half of one. */
const HEARTBEAT_MS = 15_000;
/** Then the client has to come again, with a key that is one still. */
const LONGEST_MS = 10 * 60_000;

/** Server-sent events for the console: a page of tokens, and then each of them again when it has changed. */
@Injectable()
export class AdminStreams {
  private readonly open = new Set<Subscriber<MessageEvent>>();
  private hasEnded = false;

  constructor(
    private readonly views: AdminViews,
    private readonly clock: Clock,
  ) {}

  /** Errors before its first event are the request's: HttpProblem when there are too many streams, StoreError. */
  of(query: TokenPageQuery, caller: Caller): Observable<MessageEvent> {
    return new Observable((subscriber) => {
      if (this.hasEnded || this.open.size >= MOST_STREAMS) {
        const message = messages.tooManyStreams(MOST_STREAMS);
        const more = { retryAfter: RETRY_SECONDS };
        return subscriber.error(new HttpProblem(503, message, more));
      }
      const gone = new AbortController();
      this.open.add(subscriber);
      subscriber.add(() => {
        gone.abort();
        this.open.delete(subscriber);
      });
      this.follow(query, caller, subscriber, gone.signal).catch(
        (error: unknown) => subscriber.error(error),
      );
    });
  }

  /** R12: an open stream would keep the server from closing. */
  end(): void {
    this.hasEnded = true;
    for (const subscriber of this.open) subscriber.complete();
  }

  private async follow(
    query: TokenPageQuery,
    caller: Caller,
    subscriber: Subscriber<MessageEvent>,
    gone: AbortSignal,
  ): Promise<void> {
    const marks = new Map<string, string>();
    let toldAt = -Infinity;
    const tell = (event: MessageEvent) => {
      toldAt = this.clock.now();
      subscriber.next(event);
    };
    const look = async () => {
      const { items } = await this.views.rows(query, caller);
      const news = items.filter((row) => marks.get(row.name) !== markOf(row));
      for (const data of await this.views.of(news))
        tell({ type: 'token', data });
      marks.clear();
      for (const row of items) marks.set(row.name, markOf(row));
    };
    const endAt = this.clock.now() + LONGEST_MS;
    await look();
    while (!gone.aborted && this.clock.now() < endAt) {
      if (this.clock.now() - toldAt >= HEARTBEAT_MS)
        tell({ comment: 'still here' });
      await this.clock.sleep(LOOK_EVERY_MS, gone).catch(() => undefined);
      // What keeps us from looking is no news of a token, and the journal's to tell; Nest would log it with all its words.
      if (!gone.aborted) await look().catch(() => undefined);
    }
    subscriber.complete();
  }
}

/** A lease that lapses, and a token that becomes due or ends, change no version. */
function markOf(row: TokenRow): string {
  return `${row.version} ${statusOf(row)}`;
}
