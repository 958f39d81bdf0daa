const LONGEST = 300;
/** Whatever looks like a token or a secret: the platform's are longer than 30 characters, its request ids have 26. */
const OPAQUE = /[A-Za-z0-9_+/=-]{30,}/g;

/** Text that came from outside, made fit for a log or an error: the given secrets, and all that looks like one, removed (R15). */
export function redact(text: string, secrets: readonly string[]): string {
  const known = secrets
    .filter((secret) => secret.length > 0)
    // As it stands, and as a URL holds it.
    .flatMap((secret) => [secret, encodeURIComponent(secret)])
    .reduce((clean, secret) => clean.replaceAll(secret, '***'), text);
  const clean = known
    .replace(OPAQUE, '***')
    // oxlint-disable-next-line no-control-regex
    .replace(/[\u0000-\u001f\u007f]+/g, ' ');
  return clean.length > LONGEST ? `${clean.slice(0, LONGEST)}…` : clean;
}
