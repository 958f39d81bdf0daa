import { Injectable, type MessageEvent } from '@nestjs/common';
import { Observable, type Subscriber } from 'rxjs';
import { Clock } from '../../common/clock.js';
import type { TokenRow } from '../../store/token-row.js';
import { messages } from '../../common/messages.js';
import { statusOf } from './admin-view.js';
import { AdminQueries, isSearch } from './admin-queries.js';
import type { Caller } from '../auth/caller.js';
import { HttpProblem } from '../problem/http-problem.js';
import type { TokenPageQuery } from './admin.requests.js';

/** Each stream costs one statement a second at most. */
const MAX_STREAMS = 20;
/** Keeps one caller from using all streams. */
const MAX_STREAMS_PER_CALLER = 5;
const RETRY_SECONDS = 30;
const POLL_INTERVAL_MS = 1000;
/** A search costs a fifth of the time at most, and is seen within this time all the same. */
const SEARCH_PAUSE = { times: 4, maxMs: 10_000 };
/** Proxies close connections that are idle for a minute, some for half a minute. */
const HEARTBEAT_MS = 15_000;
/** The client then has to reconnect, and is asked who it is again. */
const MAX_STREAM_MS = 10 * 60_000;

/** Server-sent events for the console: every token of a page, and the page itself; then every change to one of them. */
@Injectable()
export class AdminStreams {
  /** The open streams by subscriber, each with its caller's actor; undefined for anonymous callers. */
  private readonly open = new Map<
    Subscriber<MessageEvent>,
    string | undefined
  >();
  private hasEnded = false;

  constructor(
    private readonly queries: AdminQueries,
    private readonly clock: Clock,
  ) {}

  /**
   * An error before the first event becomes the response to the request: StoreError, or HttpProblem when there are too many
   * streams, in total or of this caller.
   */
  of(query: TokenPageQuery, caller: Caller): Observable<MessageEvent> {
    return new Observable((subscriber) => {
      const refusal = this.refusal(caller);
      if (refusal) return subscriber.error(refusal);
      const closed = new AbortController();
      this.open.set(subscriber, identityOf(caller));
      subscriber.add(() => {
        closed.abort();
        this.open.delete(subscriber);
      });
      this.stream(query, caller, subscriber, closed.signal).catch(
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
    if (this.hasEnded || this.open.size >= MAX_STREAMS)
      return new HttpProblem(503, messages.tooManyStreams(MAX_STREAMS), more);
    const identity = identityOf(caller);
    if (identity === undefined) return undefined;
    const own = [...this.open.values()].filter((other) => other === identity);
    if (own.length < MAX_STREAMS_PER_CALLER) return undefined;
    const detail = messages.tooManyOwnStreams(MAX_STREAMS_PER_CALLER);
    return new HttpProblem(429, detail, more);
  }

  private async stream(
    query: TokenPageQuery,
    caller: Caller,
    subscriber: Subscriber<MessageEvent>,
    closed: AbortSignal,
  ): Promise<void> {
    const sentStates = new Map<string, string>();
    /** Tokens of accounts that cannot be used are not shown. */
    const shown = new Set<string>();
    let sentPage = '';
    let sentAt = -Infinity;
    let pauseMs = POLL_INTERVAL_MS;
    const send = (event: MessageEvent) => {
      sentAt = this.clock.now();
      subscriber.next(event);
    };
    const poll = async () => {
      const askedAt = this.clock.now();
      const { items, next } = await this.queries.rowPage(query, caller);
      pauseMs = pauseAfter(query, this.clock.now() - askedAt);
      const changed = items.filter(
        (row) => sentStates.get(row.name) !== stateOf(row),
      );
      const views = await this.queries.viewsOf(changed);
      for (const { name } of changed) shown.delete(name);
      for (const data of views) {
        shown.add(data.name);
        send({ type: 'token', data });
      }
      sentStates.clear();
      for (const row of items) sentStates.set(row.name, stateOf(row));
      for (const name of shown) if (!sentStates.has(name)) shown.delete(name);
      const names = [...sentStates.keys()].filter((name) => shown.has(name));
      const page = JSON.stringify([names, next]);
      if (page !== sentPage) send({ type: 'page', data: { names, next } });
      sentPage = page;
    };
    const endAt = this.clock.now() + MAX_STREAM_MS;
    await poll();
    while (!closed.aborted && this.clock.now() < endAt) {
      if (this.clock.now() - sentAt >= HEARTBEAT_MS)
        send({ comment: 'still here' });
      await this.clock.sleep(pauseMs, closed).catch(() => undefined);
      // The journal reports the engine's own database errors. An error here would end the stream, and Nest would log its message.
      if (caller.isCurrent?.() === false) break;
      if (!closed.aborted) await poll().catch(() => undefined);
    }
    subscriber.complete();
  }
}

function pauseAfter(query: TokenPageQuery, tookMs: number): number {
  if (!isSearch(query)) return POLL_INTERVAL_MS;
  const { times, maxMs } = SEARCH_PAUSE;
  return Math.min(maxMs, Math.max(POLL_INTERVAL_MS, times * tookMs));
}

/** Undefined for an anonymous caller, who may be any of several users. */
function identityOf({ actor, isAnonymous }: Caller): string | undefined {
  return isAnonymous ? undefined : actor;
}

/** Includes the status: it changes without a new version when a lease expires, or when a token becomes due or expires. */
function stateOf(row: TokenRow): string {
  return `${row.version} ${statusOf(row)}`;
}
