import fc from 'fast-check';
import { redact } from './redact.js';

const secret = fc.stringMatching(/^[A-Za-z0-9_-]{8,64}$/);

describe('R15 redaction of foreign text', () => {
  it('keeps what a person needs: code, address and request id', () => {
    const text =
      'invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist rid: 5f3a1b2c-0d4e5f6a-7b8c9d0e';
    expect(redact(text, [])).toBe(text);
  });

  it('removes every given secret, wherever it stands', () => {
    fc.assert(
      fc.property(secret, fc.string(), fc.string(), (key, before, after) => {
        const clean = redact(`${before}${key}${after}${key}`, [key]);
        expect(clean).not.toContain(key);
      }),
    );
  });

  it('removes a secret in whatever form a URL holds it', () => {
    const any = fc.string({ unit: 'binary', minLength: 8, maxLength: 20 });
    fc.assert(
      fc.property(any, (key) => {
        const asUri = encodeURIComponent(key);
        const asQuery = new URLSearchParams({ key }).toString().slice(4);
        for (const form of [key, asUri, asUri.toLowerCase(), asQuery])
          expect(redact(`<${form}>`, [key])).toBe('<***>');
      }),
    );
  });

  it('removes everything that looks like a token, known or not', () => {
    const token = `70_${'aB3-_'.repeat(20)}`.replaceAll('-', 'x');
    expect(redact(`token ${token} is bad`, [])).toBe('token *** is bad');
  });

  it('keeps it on one line, and short', () => {
    expect(redact('a\r\nb\u0000c', [])).toBe('a b c');
    expect(redact('no '.repeat(1000), []).length).toBeLessThanOrEqual(301);
  });
});
