/** Error codes of a request that did not reach the platform: another host may be called, whatever the request. */
export const NEVER_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

/** Error codes of a TLS certificate that is not accepted. @see https://nodejs.org/api/tls.html#x509-certificate-error-codes */
export const CERTIFICATE =
  /CERT|CRL|ISSUER|LEAF_SIGNATURE|^INVALID_(CA|PURPOSE)$|^(PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH)$/;

/** Error codes of a connection that the other side has closed. */
const CLOSED = new Set(['ECONNRESET', 'EPIPE']);

/** axios has no code of its own for a response beyond `maxContentLength`. */
export function isTooLarge(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('maxContentLength');
}

/**
 * Whether the connection of an earlier call was closed before anything of a response: the server may have closed it while it was
 * idle, when the request was on its way.
 * @see https://nodejs.org/api/http.html#requestreusedsocket
 */
export function wasClosedWhileKept(error: unknown): boolean {
  if (!CLOSED.has(codeOf(error))) return false;
  const { request } = error as { request?: Partial<SentRequest> };
  return request?.reusedSocket === true && !request.res;
}

/** The part of Node's ClientRequest that tells whose fault a reset is. */
interface SentRequest {
  readonly reusedSocket: boolean;
  /** The response, once its head has been received. */
  readonly res: unknown;
}

export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'UNKNOWN';
  const code = 'code' in error ? error.code : undefined;
  // Only the timeouts above cancel a call.
  if (code === 'ERR_CANCELED') return 'timeout';
  return typeof code === 'string' ? code : error.name;
}
