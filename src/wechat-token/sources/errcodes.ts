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

/** What a refusal means for the engine (R8). */
export interface Reaction {
  /** Any class but `certificate`, which no answer has. */
  readonly class: FailureClass;
  /** The minimum wait before the next call, seconds; 86,400 at most. Of class `quota` the default is the time until midnight in China. */
  readonly waitSeconds?: number;
  /** As `waitSeconds`, when the next call after that wait is refused with the same code. Default: as `waitSeconds`. */
  readonly repeatedWaitSeconds?: number;
  /** No call before that wait has ended: it would spend what is left of a quota, or prolong a block. Default: false. */
  readonly mustEnd?: boolean;
  /** What an operator should do, as a sentence. Default: that of the class. */
  readonly advice?: string;
}

/** The codes with which a platform refuses a call. A code that is missing here is `transient` where a token was asked for. */
export type Errcodes = ReadonlyMap<number, Reaction>;
