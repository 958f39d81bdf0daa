import { createSecretKey, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { SealedValueError } from '../common/errors.js';
import { Sealing } from './sealing.js';

const key = (id: string) => ({ id, key: createSecretKey(randomBytes(32)) });

describe('R15 encryption of stored values', () => {
  it('decrypts what it has encrypted, whatever the value', () => {
    const sealing = new Sealing([key('k1')]);
    fc.assert(
      fc.property(fc.string(), fc.string({ unit: 'binary' }), (name, value) => {
        const sealed = sealing.seal(name, value);
        expect(sealed).toMatch(/^sealed:v1:k1:/);
        expect(sealing.open(name, sealed)).toBe(value);
      }),
    );
  });

  it('encrypts equal values differently: two rows do not show that they are equal', () => {
    const sealing = new Sealing([key('k1')]);
    expect(sealing.seal('a', 'x')).not.toBe(sealing.seal('a', 'x'));
  });

  it('without a key values are plain; with one plain values are readable only where that is allowed', () => {
    expect(new Sealing([]).seal('a', 'plain')).toBe('plain');
    expect(new Sealing([]).open('a', 'plain')).toBe('plain');
    expect(new Sealing([key('k1')], 'allow').open('a', 'plain')).toBe('plain');
    expect(() => new Sealing([key('k1')]).open('a', 'plain')).toThrow(
      /"a" is plain text.*TOKEN_ENCRYPTION_PLAIN=allow/,
    );
  });

  it.each([
    'sealed:v2:k1:AAAA',
    'sealed:',
    'sealed:v1:k1',
    'sealed:v1:k1:AAAA:AAAA',
    'sealed:v1:k 1:AAAA',
  ])('%s is no value of this version', (stored) => {
    for (const keys of [[], [key('k1')]])
      for (const plain of ['allow', 'refuse'] as const)
        expect(() => new Sealing(keys, plain).open('a', stored)).toThrow(
          SealedValueError,
        );
  });

  it('rotates: the first key encrypts, the others still decrypt', () => {
    const [older, newer] = [key('old'), key('new')];
    const old = new Sealing([older]).seal('a', 'x');
    const rotated = new Sealing([newer, older]);
    expect(rotated.open('a', old)).toBe('x');
    expect(rotated.seal('a', 'x')).toMatch(/^sealed:v1:new:/);
  });

  it('names the key that is missing', () => {
    const sealed = new Sealing([key('k1')]).seal('a', 'x');
    expect(() => new Sealing([key('k2')]).open('a', sealed)).toThrow(
      /"k1".*TOKEN_ENCRYPTION_KEYS/,
    );
  });

  it.each([
    ['was moved to another row', 'b', (sealed: string) => sealed],
    ['was cut', 'a', (sealed: string) => sealed.slice(0, -8)],
    ['was emptied', 'a', () => 'sealed:v1:k1:'],
    [
      'has a blank',
      'a',
      (sealed: string) => `${sealed.slice(0, 20)} ${sealed.slice(20)}`,
    ],
    ['has something behind it', 'a', (sealed: string) => `${sealed}!`],
    ['has a line feed behind it', 'a', (sealed: string) => `${sealed}\n`],
    ['is in base64url', 'a', (sealed: string) => `${sealed.slice(0, 20)}-_-_`],
    ['has bits too many', 'a', () => 'sealed:v1:k1:AB=='],
    [
      'was changed',
      'a',
      (sealed: string) =>
        sealed.slice(0, -4) +
        (sealed.at(-4) === 'A' ? 'B' : 'A') +
        sealed.slice(-3),
    ],
  ])('does not decrypt a value that %s', (_, name, change) => {
    const sealing = new Sealing([key('k1')]);
    const sealed = change(sealing.seal('a', 'a value of some length'));
    expect(() => sealing.open(name, sealed)).toThrow(SealedValueError);
  });
});
