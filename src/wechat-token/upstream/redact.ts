const LONGEST = 300;
/** Whatever looks like a token or a secret: the platform's are longer than 30 characters, its request ids have 26. */
const OPAQUE = /[A-Za-z0-9_+/=-]{30,}/g;

/** Text that came from outside, made fit for a log or an error: the given secrets, and all that looks like one, removed (R15). */
export function redact(text: string, secrets: readonly string[]): string {
  const known = secrets
    .filter((secret) => secret.length > 0)
    .reduce((clean, secret) => clean.replace(inAnyForm(secret), '***'), text);
  const clean = known
    .replace(OPAQUE, '***')
    // oxlint-disable-next-line no-control-regex
    .replace(/[\u0000-\u001f\u007f]+/g, ' ');
  return clean.length > LONGEST ? `${clean.slice(0, LONGEST)}…` : clean;
}

/** Matches a secret as it stands and as a URL holds it; which characters are escaped there, and how, differs. */
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
