/** Long enough to match nothing else, and longer than a mask or a fingerprint. */
const PART = 16;

/** R15: collects whatever a run lets anybody see, to be searched for secrets at its end. */
export class SecretScan {
  private readonly seen = new Map<string, Set<string>>();

  /** @param where Such as `log of server-1`. Equal texts are kept once. */
  add(where: string, text: string): void {
    const texts = this.seen.get(where) ?? new Set();
    texts.add(text);
    this.seen.set(where, texts);
  }

  /** Where a secret was found, or a part of one; the secret is not in it. */
  hits(secrets: readonly string[]): string[] {
    const parts = [...new Set(secrets.flatMap(partsOf))];
    return [...this.seen].flatMap(([where, texts]) => {
      const text = [...texts].join('\n');
      const found = parts.filter((part) => text.includes(part)).length;
      return found > 0 ? [`${where} holds ${found} parts of secrets`] : [];
    });
  }

  get characters(): number {
    return this.total((text) => text.length);
  }

  /** Non-empty ones, each of a log one. */
  get lines(): number {
    return this.total((text) => text.match(/^.+$/gm)?.length ?? 0);
  }

  private total(measure: (text: string) => number): number {
    let sum = 0;
    for (const texts of this.seen.values())
      for (const text of texts) sum += measure(text);
    return sum;
  }
}

/** Its beginning, middle and end, each of which gives it away: a message may have been cut. */
function partsOf(secret: string): string[] {
  const last = Math.max(0, secret.length - PART);
  return [0, Math.floor(last / 2), last].map((at) =>
    secret.slice(at, at + PART),
  );
}
