import {
  createCipheriv,
  createDecipheriv,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { SealedValueError } from '../common/errors.js';
import { messages } from '../common/messages.js';
import type { EncryptionKey, PlainValues } from '../common/settings.js';

const PREFIX = 'sealed:v1';
const SEALED = /^sealed:v1:([\w.-]{1,32}):([A-Za-z0-9+/]+={0,2})$/;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts stored values with AES-256-GCM (R15), as `sealed:v1:<key id>:<base64 of iv, tag and ciphertext>`. The row's name is
 * associated data: a value that was copied to another row cannot be decrypted. Without keys values are stored as plain text.
 */
export class Sealing {
  private readonly first: EncryptionKey | undefined;
  private readonly byId: ReadonlyMap<string, KeyObject>;

  /** The first key encrypts; every key decrypts. With keys plain text is refused, unless it is allowed. */
  constructor(
    keys: readonly EncryptionKey[],
    private readonly plain: PlainValues = 'refuse',
  ) {
    this.first = keys[0];
    this.byId = new Map(keys.map(({ id, key }) => [id, key]));
  }

  seal(name: string, value: string): string {
    if (!this.first) return value;
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.first.key, iv).setAAD(
      Buffer.from(name),
    );
    const sealed = Buffer.concat([
      cipher.update(value, 'utf8'),
      cipher.final(),
    ]);
    const packed = Buffer.concat([iv, cipher.getAuthTag(), sealed]);
    return `${PREFIX}:${this.first.id}:${packed.toString('base64')}`;
  }

  /**
   * Returns the value encrypted with the first key, whatever its key was; undefined when it is encrypted with the first key already.
   * @throws SealedValueError when it cannot be decrypted.
   */
  reseal(name: string, stored: string): string | undefined {
    const value = this.open(name, stored);
    const isCurrent =
      this.first && stored.startsWith(`${PREFIX}:${this.first.id}:`);
    return isCurrent ? undefined : this.seal(name, value);
  }

  /**
   * Decrypts a value. Whoever can write the table could otherwise put a plain token of their own in place of an encrypted one.
   * @throws SealedValueError; also for plain text where that is refused.
   */
  open(name: string, stored: string): string {
    if (!isSealed(stored)) {
      if (!this.first || this.plain === 'allow') return stored;
      throw new SealedValueError(messages.sealMissing(name));
    }
    const [, keyId = '', body = ''] = SEALED.exec(stored) ?? [];
    const packed = Buffer.from(body, 'base64');
    // Buffer skips what is no base64.
    if (body === '' || packed.toString('base64') !== body)
      throw new SealedValueError(messages.sealUnknown(name));
    const key = this.byId.get(keyId);
    if (!key) throw new SealedValueError(messages.sealKeyMissing(name, keyId));
    try {
      const decipher = createDecipheriv(
        'aes-256-gcm',
        key,
        packed.subarray(0, IV_BYTES),
        { authTagLength: TAG_BYTES },
      )
        .setAAD(Buffer.from(name))
        .setAuthTag(packed.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
      const opened = [
        decipher.update(packed.subarray(IV_BYTES + TAG_BYTES)),
        decipher.final(),
      ];
      return Buffer.concat(opened).toString('utf8');
    } catch {
      throw new SealedValueError(messages.sealBroken(name, keyId));
    }
  }
}

/** Whether a stored value is encrypted, in this way or in one of another version. */
export function isSealed(stored: string): boolean {
  return stored.startsWith('sealed:');
}
