/** An answer in the shape of WeChat or of WeCom. */
export interface ShapedAnswer {
  readonly errcode?: number;
  readonly errmsg?: string;
  readonly access_token?: string;
  readonly ticket?: string;
  readonly expires_in?: number;
}

/** Sends a request as an SDK of one of the platforms does, and expects what all of its answers have. */
export async function askShaped(
  url: string,
  params: Readonly<Record<string, string>>,
  method = 'GET',
): Promise<ShapedAnswer> {
  const query = new URLSearchParams(params).toString();
  const response = await fetch(`${url}?${query}`, { method });
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toContain('application/json');
  expect(response.headers.get('cache-control')).toBe('no-store');
  return (await response.json()) as ShapedAnswer;
}
