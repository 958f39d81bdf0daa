import { WechatTokenError } from '../common/errors.js';

/**
 * The class of a failure, which decides the reaction (R8). `rejected`: the platform refused a token that was passed to it.
 * `certificate`: nothing was sent, since whoever answered has not proved to be the platform.
 */
export type FailureClass =
  | 'transient'
  | 'certificate'
  | 'rejected'
  | 'credentials'
  | 'ip'
  | 'quota'
  | 'account';

/** An UpstreamError, or what was stored of it. */
export interface Refusal {
  readonly class: string;
  readonly message: string;
  readonly errcode?: number | undefined;
}

/** The platform did not issue a token. The error contains no URL, body, secret or token of the request (R15). */
export class UpstreamError extends WechatTokenError {
  readonly code = 'UPSTREAM';
  readonly class: FailureClass;
  /** The platform's errcode; undefined when there was no usable response. */
  readonly errcode: number | undefined;
  /** The minimum wait before the next call, milliseconds. */
  readonly minWaitMs: number;
  /** No call before that wait has ended: it would spend what is left of a quota, or prolong a block. */
  readonly mustEnd: boolean;

  constructor(
    message: string,
    what: Pick<UpstreamError, 'class'> &
      Partial<Pick<UpstreamError, 'errcode' | 'minWaitMs' | 'mustEnd'>>,
  ) {
    super(message);
    this.class = what.class;
    this.errcode = what.errcode;
    this.minWaitMs = what.minWaitMs ?? 0;
    this.mustEnd = what.mustEnd ?? false;
  }
}

/** The failure itself, or one like the stored one. */
export function toUpstreamError(refusal: Refusal): UpstreamError {
  if (refusal instanceof UpstreamError) return refusal;
  const { message, errcode } = refusal;
  return new UpstreamError(message, {
    class: refusal.class as FailureClass,
    errcode,
  });
}
