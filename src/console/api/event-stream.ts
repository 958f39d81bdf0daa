import { ApiFailure } from './api-failure.js';

/** The server sends something every 15 s; a connection that is silent for longer is lost, though nobody has said so. */
const SILENCE_MS = 45_000;
const LONGEST_WAIT_SECONDS = 30;
/** Trying again would not change these. */
const REFUSALS: readonly number[] = [400, 401, 403, 404];

export interface StreamEvent {
  readonly type: string;
  readonly data: unknown;
}

export type Connection =
  | { readonly state: 'connecting' | 'live' | 'paused' }
  /** Null while it is tried again; else an instant of this browser's clock. */
  | {
      readonly state: 'lost';
      readonly retryAt: number | null;
      /** Undefined when the stream just ended. */
      readonly failure: ApiFailure | undefined;
    }
  | { readonly state: 'refused'; readonly failure: ApiFailure };

interface Following {
  /** Rejects with an {@link ApiFailure}. */
  readonly open: (signal: AbortSignal) => Promise<Response>;
  readonly onEvent: (event: StreamEvent) => void;
  readonly onConnection: (connection: Connection) => void;
  /** Ends everything. */
  readonly signal: AbortSignal;
  /** Aborted, it ends the present wait. */
  readonly impatience: () => AbortSignal;
}

/** 1, 2, 4, 8, 16, 30, 30 … seconds. */
export function backOffSeconds(failures: number): number {
  return Math.min(LONGEST_WAIT_SECONDS, 2 ** failures);
}

/** Reads the stream, and opens it again whenever it ends, until the signal is aborted or the server refuses. */
export async function followStream(following: Following): Promise<void> {
  const { onConnection, signal, impatience } = following;
  let failures = 0;
  onConnection({ state: 'connecting' });
  while (!signal.aborted) {
    const end = await readOnce(following);
    if (signal.aborted) return;
    const { failure, hadEvents } = end;
    if (failure && REFUSALS.includes(failure.status))
      return onConnection({ state: 'refused', failure });
    if (hadEvents) failures = 0;
    // The server ends every stream after ten minutes: that is no loss.
    if (!failure && hadEvents) continue;
    const seconds = Math.max(
      backOffSeconds(failures++),
      failure?.retryAfter ?? 0,
    );
    const waitMs = seconds * 1000;
    onConnection({ state: 'lost', retryAt: Date.now() + waitMs, failure });
    await wait(waitMs, AbortSignal.any([signal, impatience()]));
    if (!signal.aborted)
      onConnection({ state: 'lost', retryAt: null, failure });
  }
}

async function readOnce({ open, onEvent, onConnection, signal }: Following) {
  const silence = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(), SILENCE_MS);
  };
  let hadEvents = false;
  try {
    heard();
    const response = await open(AbortSignal.any([signal, silence.signal]));
    onConnection({ state: 'live' });
    for await (const event of eventsIn(response.body, heard)) {
      hadEvents = true;
      onEvent(event);
    }
    return { hadEvents };
  } catch (error) {
    const failure = error instanceof ApiFailure ? error : new ApiFailure(0);
    return { failure, hadEvents };
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The events of a response, by their blank lines.
 * @param heard Called for each piece that arrives, comments included.
 */
export async function* eventsIn(
  body: ReadableStream<Uint8Array> | null,
  heard: () => void,
): AsyncGenerator<StreamEvent> {
  if (!body) return;
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let unread = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    heard();
    unread += decoder.decode(value, { stream: true });
    const blocks = unread.split('\n\n');
    unread = blocks.pop() ?? '';
    for (const block of blocks) {
      const event = eventOf(block);
      if (event) yield event;
    }
  }
}

/** Undefined for a comment. */
function eventOf(block: string): StreamEvent | undefined {
  const field = (name: string) =>
    block
      .split('\n')
      .find((line) => line.startsWith(`${name}: `))
      ?.slice(name.length + 2);
  const data = field('data');
  if (data === undefined) return undefined;
  return { type: field('event') ?? 'message', data: JSON.parse(data) };
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
    function done() {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}
