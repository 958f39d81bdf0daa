import { performance } from 'node:perf_hooks';
import { Logger } from '@nestjs/common';
import { LogLine, type Observations } from '../wechat-token/index.js';

type Read = Observations['read'];

const MINUTE_MS = 60_000;
/** Keys with their tokens and addresses that are counted at the same time. */
const MAX_READERS = 10_000;

/** A key that reads a token from an address: its reads since its last line. */
interface Reader {
  last: Read;
  unlogged: number;
  readonly endsAt: number;
}

/**
 * Logs who was given a token by a route. Sampled, a key that reads a token from an address has at most one line a minute, with the
 * number of reads since the one before. It is called for each such request: it neither waits nor asks anybody.
 */
export class AuditLog {
  private readonly logger = new Logger('Audit');
  /** By key, token and address, in the order in which their minutes end. */
  private readonly readers = new Map<string, Reader>();

  constructor(
    private readonly mode: 'all' | 'sampled',
    private readonly now = () => performance.now(),
  ) {}

  read(read: Read): void {
    if (this.mode === 'all') return this.log(read, 1);
    this.endMinutes();
    const key = `${read.actor}\n${read.name}\n${read.address}`;
    const reader = this.readers.get(key);
    if (reader) {
      reader.last = read;
      reader.unlogged++;
      return;
    }
    this.log(read, 1);
    this.begin(key, read);
    if (this.readers.size > MAX_READERS) this.endOldest();
  }

  /** Logs the reads of those whose minute has passed. */
  endMinutes(): void {
    const now = this.now();
    for (const [key, reader] of this.readers) {
      if (reader.endsAt > now) return;
      this.readers.delete(key);
      if (reader.unlogged === 0) continue;
      this.log(reader.last, reader.unlogged);
      this.begin(key, reader.last);
    }
  }

  /** Logs all reads that have no line yet. */
  end(): void {
    while (this.readers.size > 0) this.endOldest();
  }

  private begin(key: string, last: Read): void {
    const endsAt = this.now() + MINUTE_MS;
    this.readers.set(key, { last, unlogged: 0, endsAt });
  }

  private endOldest(): void {
    for (const [key, { last, unlogged }] of this.readers) {
      this.readers.delete(key);
      if (unlogged > 0) this.log(last, unlogged);
      return;
    }
  }

  private log(read: Read, count: number): void {
    const { name, actor, address, fingerprint, route } = read;
    const fields = { name, actor, address, fingerprint, route, count };
    this.logger.log(new LogLine('token read', fields));
  }
}
