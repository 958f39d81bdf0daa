import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { isDeepStrictEqual } from 'node:util';
import { Logger } from '@nestjs/common';
import {
  type ApiKey,
  type ApiKeySource,
  isConfigurationError,
  LogLine,
} from '../wechat-token/index.js';

/** The minimum time between two checks of the file; it is checked only when a request brings a key. */
const CHECK_INTERVAL_MS = 2000;

/**
 * Reads API keys from a file, again when the file has changed. Changes are detected by content, not by modification time:
 * Kubernetes replaces a secret by changing a symbolic link, and two writes within one tick of the file system's clock have the
 * same time. An invalid file leaves the current keys in force, so that a mistake in it locks no client out.
 */
export class ApiKeysFile implements ApiKeySource {
  private readonly logger = new Logger('ApiKeys');
  #keys: readonly ApiKey[];
  private seen: string;
  private checkedAt: number;
  private refused = false;

  /**
   * @param read Returns the valid keys that are in the file now.
   * @throws ConfigurationError as `read` does.
   */
  constructor(
    private readonly file: string,
    private readonly read: () => readonly ApiKey[],
    private readonly now = () => performance.now(),
  ) {
    // The digest first: a write between the two is then detected at the next check.
    this.seen = digest(file);
    this.#keys = read();
    this.checkedAt = now();
  }

  current(): readonly ApiKey[] {
    const now = this.now();
    if (now - this.checkedAt >= CHECK_INTERVAL_MS) {
      this.checkedAt = now;
      this.check();
    }
    return this.#keys;
  }

  private check(): void {
    const content = digest(this.file);
    if (content === this.seen) return;
    this.seen = content;
    try {
      const keys = this.read();
      const isChanged = this.refused || !isDeepStrictEqual(keys, this.#keys);
      this.refused = false;
      if (!isChanged) return;
      this.#keys = keys;
      this.logger.log(
        new LogLine('API keys reloaded', { ids: keys.map(({ id }) => id) }),
      );
    } catch (error) {
      this.refused = true;
      const reason = isConfigurationError(error)
        ? { faults: error.faults }
        : { reason: (error as Error).name };
      this.logger.error(
        new LogLine('API keys reload failed; keeping the current keys', reason),
      );
    }
  }
}

/** A hash of the file's content, which is secret; the error code when it cannot be read. */
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
