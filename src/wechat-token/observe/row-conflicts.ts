import { Injectable, Logger } from '@nestjs/common';
import { LogLine } from '../common/log-line.js';
import { messages } from '../common/messages.js';
import type { TokenName } from '../common/token-name.js';

/** The row of an account of this app holds the token of another appid. */
export interface RowConflict {
  readonly name: TokenName;
  /** Of this app's account. */
  readonly appId: string;
  /** The appid whose token the row holds. */
  readonly heldBy: string;
}

/** The rows that other apps keep, though accounts of this app have their names: as this replica has seen them last. */
@Injectable()
export class RowConflicts {
  private readonly logger = new Logger('WechatToken');
  private readonly byName = new Map<TokenName, RowConflict>();

  /** A row was read: logged when that is news. `heldBy` is undefined for a row that is no other app's. */
  see(name: TokenName, appId: string, heldBy: string | undefined): void {
    if (heldBy === undefined) return this.clear(name);
    const known = this.byName.get(name);
    if (known?.appId === appId && known.heldBy === heldBy) return;
    this.byName.set(name, { name, appId, heldBy });
    const reason = messages.rowConflict(name, appId, heldBy);
    const fields = { name, appId, heldBy, reason };
    this.logger.error(new LogLine('row held by another app', fields));
  }

  /** The row holds a token of this app's account. */
  clear(name: TokenName): void {
    this.byName.delete(name);
  }

  has(name: TokenName): boolean {
    return this.byName.has(name);
  }

  /** For health. */
  all(): RowConflict[] {
    return [...this.byName.values()];
  }

  /** Forgets those of accounts that were removed. */
  forgetAllBut(names: ReadonlySet<TokenName>): void {
    for (const name of this.byName.keys())
      if (!names.has(name)) this.clear(name);
  }
}
