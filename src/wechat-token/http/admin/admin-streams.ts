import { Injectable, type MessageEvent } from '@nestjs/common';
import { Observable, type Subscriber } from 'rxjs';
import { Clock } from '../../common/clock.js';
import type { TokenRow } from '../../store/token-row.js';
import { messages } from '../../common/messages.js';
import { statusOf } from './admin-view.js';
import { AdminQueries } from './admin-queries.js';
import type { Caller } from '../auth/caller.js';
import { HttpProblem } from '../problem/http-problem.js';
import type { TokenPageQuery } from './admin.requests.js';

/** Each costs a statement a second. */
const MOST_STREAMS = 20;
/** So that one caller leaves room for the others. */
const MOST_OF_ONE = 5;
const RETRY_SECONDS = 30;
const LOOK_EVERY_MS = 1000;
/** Proxies cut what is silent for a minute, some for half of one. */
const HEARTBEAT_MS = 15_000;
/** Then the client has to come again, with a key that is one still. */
const LONGEST_MS = 10 * 60_000;

/** Server-sent events for the console: a page of tokens, and then each of them again when it has changed. */
@Injectable()
export class AdminStreams {
  /** Whose each one is; undefined for those of whom no name is known. */
  private readonly open = new Map<
    Subscriber<MessageEvent>,
    string | undefined
  >();
  private hasEnded = false;

  constructor(
    private readonly views: AdminQueries,
    private readonly clock: Clock,
  ) {}

  /** Errors before its first event are the request's: HttpProblem when there are too many streams, of all or of this
   * caller, StoreError. */
  of(query: TokenPageQuery, caller: Caller): Observable<MessageEvent> {
    return new Observable((subscriber) => {
      const refusal = this.refusal(caller);
      if (refusal) return subscriber.error(refusal);
      const gone = new AbortController();
      this.open.set(subscriber, ownerOf(caller));
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
  stop(): void {
    this.hasEnded = true;
    for (const subscriber of this.open.keys()) subscriber.complete();
  }

  private refusal(caller: Caller): HttpProblem | undefined {
    const more = { retryAfter: RETRY_SECONDS };
    if (this.hasEnded || this.open.size >= MOST_STREAMS)
      return new HttpProblem(503, messages.tooManyStreams(MOST_STREAMS), more);
    const owner = ownerOf(caller);
    const own = [...this.open.values()].filter((other) => other === owner);
    if (owner === undefined || own.length < MOST_OF_ONE) return undefined;
    return new HttpProblem(429, messages.tooManyOwnStreams(MOST_OF_ONE), more);
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

/** Those whom a guard of the app's lets in without a name may be many people. */
function ownerOf({ actor, isNameless }: Caller): string | undefined {
  return isNameless ? undefined : actor;
}

/** A lease that lapses, and a token that becomes due or ends, change no version. */
function markOf(row: TokenRow): string {
  return `${row.version} ${statusOf(row)}`;
}
