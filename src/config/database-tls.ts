import { X509Certificate } from 'node:crypto';
import type { TlsOptions } from 'node:tls';

/**
 * `verify`: the server's certificate is of a CA that is trusted, and for the host of the address; `require`: TLS with whatever
 * certificate; `prefer`: the same where the server offers TLS, else plain; `off`: plain.
 */
export type TlsMode = 'verify' | 'require' | 'prefer' | 'off';

/** Node's codes, and the one that mysql2 puts in their place. */
const CERTIFICATE = /CERT|ISSUER|LEAF_SIGNATURE|^HANDSHAKE_SSL_ERROR$/;

/** How connections to the database's server are encrypted. */
export interface DatabaseTls {
  readonly mode: TlsMode;
  /** In PEM, in place of those that Node trusts. */
  readonly ca?: readonly string[];
}

/** The `ssl` of both drivers; mysql2 takes a certificate for any host without `verifyIdentity`. */
type SslOption = TlsOptions & { readonly verifyIdentity?: boolean };

/** Not undefined, for which pg would ask the environment (PGSSLMODE). `prefer` is not the drivers' to decide: see openConnection. */
export function sslOption({ mode, ca }: DatabaseTls): SslOption | false {
  if (mode === 'off' || mode === 'prefer') return false;
  const isVerified = mode === 'verify';
  return {
    minVersion: 'TLSv1.2',
    rejectUnauthorized: isVerified,
    verifyIdentity: isVerified,
    ...(ca && { ca: [...ca] }),
  };
}

/** The certificates of a file in PEM; undefined when it has none, or one that cannot be read. */
export function parseCertificates(text: string): string[] | undefined {
  const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
  const found = text.match(PEM);
  try {
    return found?.map((pem) => new X509Certificate(pem).toString());
  } catch {
    return undefined;
  }
}

/** Whether a connection failed because its server offers no TLS. */
export function lacksTls(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  // pg has no code for it.
  return (
    error.message === 'The server does not support SSL connections' ||
    ('code' in error && error.code === 'HANDSHAKE_NO_SSL_SUPPORT')
  );
}

/** Why the server's certificate was refused, in words that have nothing of the certificate; undefined for any other error. */
export function certificateProblem(error: unknown): string | undefined {
  if (!(error instanceof Error && 'code' in error)) return undefined;
  const refused =
    CERTIFICATE.test(String(error.code)) &&
    error.message.includes('certificate') &&
    // What OpenSSL says of the handshake itself has the name of its library.
    !('library' in error);
  // After the colon are the names that the certificate is for.
  return refused ? error.message.split(':')[0] : undefined;
}
