import autocannon from 'autocannon';

const CONNECTIONS = 20;

/** The requests to a server. */
export interface Target {
  /** The base URL, such as `http://127.0.0.1:3000`. */
  readonly url: string;
  /** The paths, requested in turn. */
  readonly paths: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
}

/** Measures responses per second. @throws Error when a request fails */
export async function rateOf(
  { url, paths, headers }: Target,
  seconds: number,
): Promise<number> {
  const result = await autocannon({
    url,
    connections: CONNECTIONS,
    duration: seconds,
    requests: paths.map((path) => ({ path })),
    headers,
  });
  const { non2xx, errors, duration } = result;
  if (non2xx + errors > 0)
    throw new Error(`${url}: ${non2xx} refused, ${errors} without an answer`);
  return result['2xx'] / duration;
}
