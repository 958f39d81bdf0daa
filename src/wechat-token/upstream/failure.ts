import { WechatTokenError } from '../common/errors.js';

/** What kind of failure it was, which decides the reaction (R8). `rejected`: the platform refused a token that was passed to it. */
export type FailureClass =
  'transient' | 'rejected' | 'credentials' | 'ip' | 'quota' | 'account';

/** The platform did not issue a token. Made without the request: no URL, body, secret or token is in it (R15). */
export class UpstreamError extends WechatTokenError {
  readonly code = 'UPSTREAM';
  readonly class: FailureClass;
  /** The platform's code; undefined when there was no usable answer. */
  readonly errcode: number | undefined;
  /** The least time to wait before the next call, milliseconds. */
  readonly minWaitMs: number;

  constructor(
    message: string,
    what: { class: FailureClass; errcode?: number; minWaitMs?: number },
  ) {
    super(message);
    this.class = what.class;
    this.errcode = what.errcode;
    this.minWaitMs = what.minWaitMs ?? 0;
  }
}
