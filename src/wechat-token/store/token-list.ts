import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import type { TokenKind, TokenName } from '../common/token-name.js';
import { type RawNumber, type RawRow, RowMapper } from './row-mapper.js';
import { SqlRunner } from './sql-runner.js';
import type { TokenRow } from './token-row.js';

/** What an operator asks for, and where the page begins. */
export interface ListPage {
  /** `urgency`: the worst first; in each of its places by name. */
  readonly order: 'name' | 'urgency';
  readonly statuses: readonly string[];
  /** The kind of the tokens; undefined for all. */
  readonly kind?: TokenKind | undefined;
  /** A part of the name or of the appid, in any case. */
  readonly search: string;
  /** Only tokens of these names; undefined for all. */
  readonly names?: readonly TokenName[] | undefined;
  readonly after: ListPlace;
  readonly limit: number;
}

/** A place in a list. */
export interface ListPlace {
  /** In the order of urgency; 0 is the worst. */
  readonly place: number;
  readonly name: TokenName;
}

export interface ListedRow {
  readonly row: TokenRow;
  readonly place: number;
}

/** Finds tokens by what an operator asks for, and counts them. Without names, each method reads every row of the table. */
@Injectable()
export class TokenList {
  constructor(
    private readonly sql: SqlRunner,
    private readonly mapper: RowMapper,
    private readonly clock: Clock,
  ) {}

  /** Such as `mysql`, which MariaDB is too. */
  get databaseKind(): string {
    return this.sql.family;
  }

  /** Rows for display, as TokenStore.inspectAll gives them. A row that cannot be decrypted is found by its instants. */
  async page(page: ListPage): Promise<ListedRow[]> {
    const { statuses, kind, search, names, after, limit, order } = page;
    const filters = {
      statuses,
      kind: kind ?? '',
      ofKind: kind === undefined ? '%' : `${escaped(kind)}:%`,
      search: `%${escaped(search.toLowerCase())}%`,
      limit,
      after: after.name,
      place: after.place,
    };
    const own = names && { ...filters, owned: names };
    const lists = this.sql.statements;
    const statement =
      order === 'name'
        ? own
          ? lists.listOwnByName(own)
          : lists.listByName(filters)
        : own
          ? lists.listOwnByUrgency(own)
          : lists.listByUrgency(filters);
    const readAt = this.clock.now();
    const rows = await this.sql.rows<RawRow & { place: RawNumber<number> }>(
      statement,
    );
    return rows.map((raw) => ({
      row: this.mapper.toDisplayRow(raw, readAt),
      place: Number(raw.place),
    }));
  }

  /** How many tokens there are of each status that occurs; of these names only, or of all. */
  async statuses(names?: readonly TokenName[]): Promise<Map<string, number>> {
    const { countStatuses, countOwnStatuses } = this.sql.statements;
    const rows = await this.sql.rows<{
      status: string;
      count: RawNumber<number>;
    }>(names ? countOwnStatuses({ owned: names }) : countStatuses({}));
    return new Map(rows.map(({ status, count }) => [status, Number(count)]));
  }
}

/** As it is within a LIKE pattern whose escape character is `!`. */
function escaped(text: string): string {
  return text.replace(/[!%_]/g, '!$&');
}
