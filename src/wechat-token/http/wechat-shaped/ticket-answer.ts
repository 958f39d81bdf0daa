import type { TokenWithLife } from '../../access/token-reader.js';

/** A ticket, in the shape of both platforms. */
export interface TicketAnswer {
  readonly errcode: 0;
  readonly errmsg: 'ok';
  readonly ticket: string;
  readonly expires_in: number;
}

export function ticketAnswer({
  value,
  expiresIn,
}: TokenWithLife): TicketAnswer {
  return { errcode: 0, errmsg: 'ok', ticket: value, expires_in: expiresIn };
}
