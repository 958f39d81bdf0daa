import { type ChaosReplica, CUT_OFF } from './chaos-replica.js';

/** How a request to a replica ended, and after how long. */
export type Answered = { readonly waitedMs: number } & (
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers: string;
      readonly body: string;
    }
  /** Its process was killed or stopped meanwhile. */
  | { readonly kind: 'cut off' }
  /** No answer within the limit. */
  | { readonly kind: 'hung' }
  /** The connection failed although the process should be there. */
  | { readonly kind: 'broken'; readonly error: string }
);

const HUNG = new Error('hung');

/** One request, which ends after `limitMs` at the latest. */
export function askReplica(
  replica: ChaosReplica,
  path: string,
  limitMs: number,
): Promise<Answered> {
  const startedAt = performance.now();
  const waited = () => performance.now() - startedAt;
  return replica.calling(async (call) => {
    const limit = setTimeout(() => call.abort(HUNG), limitMs);
    const { signal } = call;
    try {
      const response = await fetch(replica.url + path, { signal });
      const body = await response.text();
      const headers = JSON.stringify([...response.headers]);
      const { status } = response;
      return { kind: 'answer', waitedMs: waited(), status, headers, body };
    } catch (error) {
      const waitedMs = waited();
      if (signal.reason === HUNG) return { kind: 'hung', waitedMs };
      // A process that is killed may close the connection before the call is aborted.
      if (signal.reason === CUT_OFF || !replica.isUp)
        return { kind: 'cut off', waitedMs };
      return { kind: 'broken', waitedMs, error: describe(error) };
    } finally {
      clearTimeout(limit);
    }
  });
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : '';
  return error.message + cause;
}
