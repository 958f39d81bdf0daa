import { WechatTokenError } from '../common/errors.js';
import type { FailureClass } from '../sources/errcodes.js';

export type { FailureClass };

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
  /** As `minWaitMs`, when the same failure comes again. */
  readonly repeatedWaitMs: number;

  constructor(
    message: string,
    what: Pick<UpstreamError, 'class'> &
      Partial<
        Pick<
          UpstreamError,
          'errcode' | 'minWaitMs' | 'mustEnd' | 'repeatedWaitMs'
        >
      >,
  ) {
    super(message);
    this.class = what.class;
    this.errcode = what.errcode;
    this.minWaitMs = what.minWaitMs ?? 0;
    this.mustEnd = what.mustEnd ?? false;
    this.repeatedWaitMs = what.repeatedWaitMs ?? this.minWaitMs;
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

/** Whether the platform refused a token that was passed to it. */
export function isRejection(error: unknown): error is UpstreamError {
  return error instanceof UpstreamError && error.class === 'rejected';
}
