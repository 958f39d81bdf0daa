import type { ServerResponse } from 'node:http';
import type { MessageEvent } from '@nestjs/common';
import type { Observable } from 'rxjs';
import type { HttpRequest } from '../problem/http-request.js';

const MAX_UNREAD_BYTES = 1024 * 1024;

/** A response of Express, or of Fastify, which has Node's own inside. */
export type StreamResponse =
  | ServerResponse
  | {
      readonly raw: ServerResponse;
      /** From here on Fastify leaves the response alone. */
      hijack(): void;
      getHeaders(): Readonly<
        Record<string, number | string | string[] | undefined>
      >;
    };

/**
 * Answers with server-sent events, as long as the client stays. The response begins with the first event.
 * @param fail Answers an error before that.
 */
export function sendEvents(
  events: Observable<MessageEvent>,
  { method }: HttpRequest,
  response: StreamResponse,
  fail: (error: unknown) => void,
): void {
  const raw = 'raw' in response ? response.raw : response;
  let lastId = 0;
  const begin = () => {
    if (raw.headersSent) return;
    const others = 'raw' in response ? response.getHeaders() : {};
    if ('raw' in response) response.hijack();
    raw.writeHead(200, {
      ...others,
      'content-type': 'text/event-stream',
      'cache-control': 'no-store, no-transform',
      // Keeps nginx from collecting events.
      'x-accel-buffering': 'no',
    });
  };
  const subscription = events.subscribe({
    next: (event) => {
      begin();
      if (method === 'HEAD') return raw.end();
      raw.write(textOf(event, ++lastId));
      // A client that does not read must not fill the memory; it may come again.
      if (raw.writableLength > MAX_UNREAD_BYTES) raw.destroy();
    },
    error: (error: unknown) => (raw.headersSent ? raw.end() : fail(error)),
    complete: () => {
      begin();
      raw.end();
    },
  });
  raw.on('close', () => subscription.unsubscribe());
}

/** One line for each field; JSON has no line breaks. */
function textOf({ type, comment, data }: MessageEvent, id: number): string {
  const lines = [
    comment === undefined ? '' : `: ${comment}\n`,
    type === undefined ? '' : `event: ${type}\nid: ${id}\n`,
    data === undefined ? '' : `data: ${JSON.stringify(data)}\n`,
  ];
  return `${lines.join('')}\n`;
}
