import { ApiFailure } from './api-failure.js';
import {
  backOffSeconds,
  type Connection,
  eventsIn,
  followStream,
  type StreamEvent,
} from './event-stream.js';

/** A response whose body arrives in these pieces. */
function responseOf(...pieces: readonly (string | Uint8Array)[]): Response {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces)
        controller.enqueue(
          typeof piece === 'string' ? encoder.encode(piece) : piece,
        );
      controller.close();
    },
  });
  return new Response(body);
}

async function eventsOf(response: Response) {
  const events: StreamEvent[] = [];
  let heard = 0;
  for await (const event of eventsIn(response.body, () => heard++))
    events.push(event);
  return { events, heard };
}

const TOKEN = 'event: token\nid: 1\ndata: {"name":"凭证"}\n\n';

describe('the events of a stream', () => {
  it('are read by their blank lines, and comments are heard but are none', async () => {
    const response = responseOf(': still here\n\n', `${TOKEN}${TOKEN}`);
    expect(await eventsOf(response)).toEqual({
      events: [
        { type: 'token', data: { name: '凭证' } },
        { type: 'token', data: { name: '凭证' } },
      ],
      heard: 2,
    });
  });

  it('may arrive in any pieces, and what is not complete is no event', async () => {
    const bytes = new TextEncoder().encode(`${TOKEN}event: token\ndata: {}\n`);
    const single = [...bytes].map((byte) => Uint8Array.of(byte));
    const { events } = await eventsOf(responseOf(...single));
    expect(events).toEqual([{ type: 'token', data: { name: '凭证' } }]);
  });
});

describe('a stream that is followed', () => {
  const follow = async (
    answers: readonly (Response | ApiFailure)[],
    until: (states: readonly Connection[]) => boolean = () => false,
  ) => {
    const states: Connection[] = [];
    const events: StreamEvent[] = [];
    const left = [...answers];
    const leave = new AbortController();
    await followStream({
      open: () => {
        const answer = left.shift() ?? new ApiFailure(404);
        return answer instanceof ApiFailure
          ? Promise.reject(answer)
          : Promise.resolve(answer);
      },
      onEvent: (event) => events.push(event),
      onConnection: (state) => {
        states.push(state);
        if (until(states)) leave.abort();
      },
      signal: leave.signal,
      // Nobody here waits.
      impatience: () => AbortSignal.abort(),
    });
    return { states: states.map(({ state }) => state), events };
  };

  it('is opened again at once when the server has ended it, which is no loss', async () => {
    const { states, events } = await follow([
      responseOf(TOKEN),
      responseOf(TOKEN),
    ]);
    expect(events).toHaveLength(2);
    expect(states).toEqual(['connecting', 'live', 'live', 'refused']);
  });

  it('is lost when nobody answers, and tried until somebody does', async () => {
    const { states } = await follow([
      new ApiFailure(0),
      new ApiFailure(503, { retryAfter: 30 }),
      responseOf(TOKEN),
    ]);
    expect(states).toEqual([
      'connecting',
      'lost',
      'lost',
      'lost',
      'lost',
      'live',
      'refused',
    ]);
  });

  it.each([400, 401, 403, 404])('is given up at %i', async (status) => {
    const { states } = await follow([new ApiFailure(status)]);
    expect(states).toEqual(['connecting', 'refused']);
  });

  it('ends when its reader leaves', async () => {
    const { states } = await follow(
      [new ApiFailure(0), responseOf(TOKEN)],
      (seen) => seen.at(-1)?.state === 'lost',
    );
    expect(states).toEqual(['connecting', 'lost']);
  });

  it('is tried after 1, 2, 4, 8, 16, and then every 30 seconds', () => {
    const waits = [0, 1, 2, 3, 4, 5, 6, 100].map(backOffSeconds);
    expect(waits).toEqual([1, 2, 4, 8, 16, 30, 30, 30]);
  });
});
