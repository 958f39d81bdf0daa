import { hash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { Logger } from '@nestjs/common';
import {
  type ApiKey,
  type ApiKeySource,
  ConfigurationError,
  isConfigurationError,
  LogLine,
} from '../wechat-token/index.js';
import { fileProblem, readSettingFile } from './setting-files.js';

const CHECK_INTERVAL_MS = 2000;

/**
 * API keys from a file that is read again every two seconds, once they are asked for. Changes are detected by content, not by
 * modification time: Kubernetes replaces a secret by changing a symbolic link, and two writes within one tick of the file system's
 * clock have the same time. An invalid file leaves the current keys in force, so that a mistake in it locks no client out.
 */
export class ApiKeysFile implements ApiKeySource {
  private readonly logger = new Logger('ApiKeys');
  #keys: readonly ApiKey[];
  private seen: string;
  private refused = false;
  private timer: NodeJS.Timeout | undefined;
  private checking: Promise<void> | undefined;

  /**
   * @param text What is in the file now.
   * @param parse Returns the valid keys that are in a text.
   * @throws ConfigurationError as `parse` does.
   */
  constructor(
    private readonly file: string,
    text: string,
    private readonly parse: (text: string) => readonly ApiKey[],
  ) {
    this.seen = digest(text);
    this.#keys = parse(text);
  }

  current(): readonly ApiKey[] {
    this.timer ??= setInterval(
      () => void this.check(),
      CHECK_INTERVAL_MS,
    ).unref();
    return this.#keys;
  }

  /** Reads the file; one reading at a time, also from a disk that hangs. */
  check(): Promise<void> {
    this.checking ??= this.checkOnce().finally(() => {
      this.checking = undefined;
    });
    return this.checking;
  }

  private async checkOnce(): Promise<void> {
    const read = await readSettingFile(this.file).catch(fileProblem);
    const content = digest(typeof read === 'string' ? read : read.text);
    if (content === this.seen) return;
    this.seen = content;
    try {
      if (typeof read === 'string')
        throw new ConfigurationError([
          { field: 'API_KEYS_FILE', problem: read },
        ]);
      const keys = this.parse(read.text);
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

/** The file's content is secret. */
function digest(text: string): string {
  return hash('sha256', text, 'hex');
}
