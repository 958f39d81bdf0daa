const MAX_LENGTH = 300;
/** Matches anything like a token or a secret: the platform's have more than 30 characters, its request ids have 26. */
const OPAQUE = /[A-Za-z0-9_+/=-]{30,}/g;

/** Makes external text fit for a log or an error: removes the given secrets and anything that looks like one (R15). */
export function redact(text: string, secrets: readonly string[]): string {
  const known = secrets
    .filter((secret) => secret.length > 0)
    .reduce((clean, secret) => clean.replace(inAnyForm(secret), '***'), text);
  const clean = known
    .replace(OPAQUE, '***')
    // oxlint-disable-next-line no-control-regex
    .replace(/[\u0000-\u001f\u007f]+/g, ' ');
  return clean.length > MAX_LENGTH ? `${clean.slice(0, MAX_LENGTH)}…` : clean;
}

/** Matches a secret in plain and URL-encoded form; encoders differ in which characters they escape, and how. */
function inAnyForm(secret: string): RegExp {
  const characters = Array.from(secret, (character) => {
    const escaped = Buffer.from(character)
      .toString('hex')
      .replace(/../g, '%$&');
    const plain = character.replace(/[^\w\s]/u, String.raw`\$&`);
    return `(?:${plain}|${escaped}${character === ' ' ? String.raw`|\+` : ''})`;
  });
  return new RegExp(characters.join(''), 'gi');
}
