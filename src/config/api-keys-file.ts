import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { isDeepStrictEqual } from 'node:util';
import { Logger } from '@nestjs/common';
import {
  type ApiKey,
  type ApiKeySource,
  isConfigurationError,
} from '../wechat-token/index.js';

/** The file is looked at once in so many milliseconds, and only when somebody comes with a key. */
const LOOK_MS = 2000;

/**
 * API keys that are read again when their file has changed. It is its content that is compared, through whatever links
 * lead there: a secret of Kubernetes is replaced by turning a link, and a file that is written twice within one tick of
 * its clock has the same times. A file that cannot be used leaves the keys in force, so that a slip of the hand shuts
 * nobody out.
 */
export class ApiKeysFile implements ApiKeySource {
  private readonly logger = new Logger('ApiKeys');
  #keys: readonly ApiKey[];
  private seen: string;
  private lookedAt: number;
  private refused = false;

  /**
   * @param read The valid keys that are in the file now.
   * @throws ConfigurationError as `read` does.
   */
  constructor(
    private readonly file: string,
    private readonly read: () => readonly ApiKey[],
    private readonly now = () => performance.now(),
  ) {
    // In this order: what is written in between is seen as another content at the next look.
    this.seen = digest(file);
    this.#keys = read();
    this.lookedAt = now();
  }

  current(): readonly ApiKey[] {
    const now = this.now();
    if (now - this.lookedAt >= LOOK_MS) {
      this.lookedAt = now;
      this.look();
    }
    return this.#keys;
  }

  private look(): void {
    const content = digest(this.file);
    if (content === this.seen) return;
    this.seen = content;
    try {
      const keys = this.read();
      const isNews = this.refused || !isDeepStrictEqual(keys, this.#keys);
      this.refused = false;
      if (!isNews) return;
      this.#keys = keys;
      this.logger.log('API keys reloaded', { ids: keys.map(({ id }) => id) });
    } catch (error) {
      this.refused = true;
      const reason = isConfigurationError(error)
        ? { faults: error.faults }
        : { reason: (error as Error).name };
      this.logger.error('API keys not reloaded, those in force stay', reason);
    }
  }
}

/** Of what is in the file, or of why that cannot be read; a hash, since the content is secret. */
function digest(file: string): string {
  const hash = createHash('sha256');
  try {
    return hash.update(readFileSync(file)).digest('hex');
  } catch (error) {
    return error instanceof Error && 'code' in error
      ? String(error.code)
      : 'unreadable';
  }
}
