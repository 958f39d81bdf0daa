import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findLibfaketime } from '../../support/tools.js';

/**
 * The wall clock of one or more processes: so many seconds ahead (behind, when negative) of this machine's, and it can be
 * set while they run. The monotonic clock and timers are left alone, as when a real wall clock jumps.
 */
export class WrongClock implements Disposable {
  private readonly folder = mkdtempSync(join(tmpdir(), 'wechat-token-clock-'));
  private readonly file = join(this.folder, 'offset');
  private readonly library: string;

  /** @throws Error without libfaketime, which test/support/tools.ts sees to */
  constructor(aheadSeconds = 0) {
    const library = findLibfaketime();
    if (!library) throw new Error('There is no libfaketime.');
    this.library = library;
    this.set(aheadSeconds);
  }

  /** For the processes that are to have this clock. */
  get env(): Record<string, string> {
    return {
      LD_PRELOAD: this.library,
      FAKETIME_TIMESTAMP_FILE: this.file,
      // Read anew whenever the time is asked for; otherwise a jump is seen up to 10 s later.
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    };
  }

  /** It jumps. */
  set(aheadSeconds: number): void {
    const offset = `${aheadSeconds < 0 ? '' : '+'}${aheadSeconds}`;
    // A file that is half written would be another time.
    const next = join(this.folder, 'next');
    writeFileSync(next, offset);
    renameSync(next, this.file);
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
