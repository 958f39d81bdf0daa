import { Readable } from 'node:stream';
import { messages } from '../../common/messages.js';
import { HttpProblem } from './http-problem.js';
import type { HttpRequest } from './http-request.js';

/** What no body of these routes needs: the longest holds a token. */
export const MAX_BODY_BYTES = 16 * 1024;
const MAX_BODY_MS = 5000;

/** The body as the app's parser has left it; else read here, for the caller has been let in, and parsed as JSON. */
export async function jsonBody(request: HttpRequest): Promise<unknown> {
  if (request.body !== undefined || !hasBody(request)) return request.body;
  const type = request.headers['content-type'] ?? '';
  if (!isUnread(request) || !/^application\/json\b/i.test(type))
    throw new HttpProblem(400, messages.unreadableBody());
  const text = await readText(request);
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    // R15: the parser's message quotes the text.
    throw new HttpProblem(400, messages.unreadableBody());
  }
}

/** Whether the request says that it has a body. */
export function hasBody({ headers }: Pick<HttpRequest, 'headers'>): boolean {
  return (
    (headers['content-length'] ?? '0') !== '0' ||
    headers['transfer-encoding'] !== undefined
  );
}

/** Express does not read a body that none of its parsers accepts, or without any. */
export function isUnread(request: object): request is Readable {
  return request instanceof Readable && !request.readableEnded;
}

/**
 * Reads a body up to its limits. The rest stays unread: who answers has to close the connection.
 * @throws HttpProblem if it is too large, too slow, or ends before its end
 */
export function readText(stream: Readable): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const stop = () => {
      clearTimeout(timer);
      stream.off('data', take).off('end', end).off('close', cut).pause();
    };
    const refuse = (status: number, detail: string) => {
      stop();
      reject(new HttpProblem(status, detail));
    };
    const take = (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_BODY_BYTES)
        refuse(413, messages.bodyTooLarge(MAX_BODY_BYTES));
      else chunks.push(chunk);
    };
    const end = () => {
      stop();
      resolve(Buffer.concat(chunks).toString('utf8'));
    };
    const cut = () => refuse(400, messages.unreadableBody());
    const timer = setTimeout(
      () => refuse(408, messages.bodyTooSlow(MAX_BODY_MS)),
      MAX_BODY_MS,
    );
    if (stream.destroyed) return cut();
    stream.on('data', take).on('end', end).on('close', cut);
  });
}
