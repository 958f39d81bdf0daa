import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import type { Answer } from './error-answers.js';
import type { Fault } from './faults.js';

const JSON_TYPE = 'application/json; encoding=utf-8';

/** One call that awaits its response. */
export interface Delivery {
  readonly res: ServerResponse;
  /** Executes the call and returns the response. Not used by every fault. */
  readonly act: () => Answer;
  /** Refuses the call without executing it. Without `errmsg`: with the platform's message for the errcode. */
  readonly refuse: (error: {
    readonly errcode: number;
    readonly errmsg?: string;
  }) => Answer;
  /** Aborted when the connection is closed. */
  readonly gone: AbortSignal;
}

/** Responds to a call, with `fault` if there is one. */
export async function deliver(
  delivery: Delivery,
  fault: Fault | undefined,
): Promise<void> {
  const { res, act, refuse, gone } = delivery;
  if (!fault) {
    send(res, act());
  } else if ('errcode' in fault) {
    send(res, refuse(fault));
  } else if ('status' in fault) {
    sendStatus(res, fault.status, fault.body);
  } else if ('body' in fault) {
    send(res, { status: 200, ...fault });
  } else if ('truncate' in fault) {
    truncate(res, act());
  } else if ('drip' in fault) {
    await drip(res, act(), fault.drip.bytesPerSecond ?? 10, gone);
  } else if ('reset' in fault) {
    res.socket?.resetAndDestroy();
  } else if ('delayMs' in fault) {
    const answer = act();
    await wait(fault.delayMs, undefined, { signal: gone });
    send(res, answer);
  } else if ('lostAnswer' in fault) {
    act();
    res.socket?.resetAndDestroy();
  } else if ('redirect' in fault) {
    res.writeHead(302, { location: fault.redirect }).end();
  } else if ('endless' in fault) {
    await neverEnd(res, gone);
  } else if ('oversize' in fault) {
    await oversize(res, act(), fault.oversize, gone);
  }
  // The remaining kind is `hang`: no response.
}

function send(res: ServerResponse, { status, body, headers }: Answer): void {
  res
    .writeHead(status, {
      'content-type': JSON_TYPE,
      'content-length': Buffer.byteLength(body),
      ...headers,
    })
    .end(body);
}

function sendStatus(res: ServerResponse, status: number, body?: string): void {
  const page = `<html><head><title>${status}</title></head><body><center><h1>${status}</h1></center></body></html>`;
  res.writeHead(status, { 'content-type': 'text/html' }).end(body ?? page);
}

function truncate(res: ServerResponse, { status, body }: Answer): void {
  const bytes = Buffer.from(body);
  res.writeHead(status, {
    'content-type': JSON_TYPE,
    'content-length': bytes.length,
  });
  const { socket } = res;
  res.write(bytes.subarray(0, bytes.length / 2), () => socket?.end());
}

/** Sends the body in chunks, one every tick of at least 10 ms. */
async function drip(
  res: ServerResponse,
  { status, body }: Answer,
  bytesPerSecond: number,
  gone: AbortSignal,
): Promise<void> {
  const bytes = Buffer.from(body);
  const tickMs = Math.max(10, 1000 / bytesPerSecond);
  const part = Math.max(1, Math.floor((bytesPerSecond * tickMs) / 1000));
  res.socket?.setNoDelay(true);
  res.writeHead(status, {
    'content-type': JSON_TYPE,
    'content-length': bytes.length,
  });
  res.flushHeaders();
  for (let at = 0; at < bytes.length; at += part) {
    await wait(tickMs, undefined, { signal: gone });
    res.write(bytes.subarray(at, at + part));
  }
  res.end();
}

/** Sends the body in chunks: building it as a whole would block the event loop. */
async function oversize(
  res: ServerResponse,
  { status, body }: Answer,
  bytes: number,
  gone: AbortSignal,
): Promise<void> {
  let missing = Math.max(0, bytes - Buffer.byteLength(body));
  res.writeHead(status, {
    'content-type': JSON_TYPE,
    'content-length': Buffer.byteLength(body) + missing,
  });
  const spaces = Buffer.alloc(65_536, ' ');
  for (let isReady = res.write(body); missing > 0 && !gone.aborted;) {
    // Backpressure: a caller that does not read must not fill this process's memory.
    if (!isReady) await once(res, 'drain', { signal: gone });
    const part = spaces.subarray(0, missing);
    missing -= part.length;
    isReady = res.write(part);
  }
  res.end();
}

async function neverEnd(res: ServerResponse, gone: AbortSignal): Promise<void> {
  const part = 'x'.repeat(16_384);
  res.writeHead(200, { 'content-type': JSON_TYPE });
  res.write('{"errcode":0,"errmsg":"');
  while (!gone.aborted) {
    // Backpressure: a caller that does not read must not fill this process's memory.
    if (!res.write(part)) await once(res, 'drain', { signal: gone });
    await wait(5, undefined, { signal: gone });
  }
}
