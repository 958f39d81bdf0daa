import { UpstreamError } from './failure.js';
import type { Platform } from '../sources/platform.js';
import { numberIn } from './platform-answer.js';
import type { SourceAnswer } from '../sources/token-source.js';
import { upstreamMessages } from './upstream.messages.js';

const MAX_TOKEN_LENGTH = 8192;
const MAX_LIFE_SECONDS = 30 * 24 * 3600;

/** A token that the platform issued. */
export interface IssuedToken {
  readonly value: string;
  /** The remaining life, milliseconds from the moment before the request was sent. */
  readonly lifeMs: number;
}

/**
 * Validates an answer (R6): a token is a printable string of plausible length with a life that is a positive integer.
 * @throws UpstreamError of class `transient`
 */
export function toIssued(
  answer: SourceAnswer,
  platform: Platform,
): IssuedToken {
  // A source in JavaScript may give nothing at all.
  const { value, expiresIn } = Object(answer) as SourceAnswer;
  const invalid = (what: string) =>
    new UpstreamError(upstreamMessages.notAToken(what, platform), {
      class: 'transient',
    });
  if (
    typeof value !== 'string' ||
    value.length > MAX_TOKEN_LENGTH ||
    !/^[\x21-\x7e]+$/.test(value)
  )
    throw invalid('token');
  const life = numberIn(expiresIn);
  if (
    life === undefined ||
    !Number.isInteger(life) ||
    life <= 0 ||
    life > MAX_LIFE_SECONDS
  )
    throw invalid('life');
  return { value, lifeMs: life * 1000 };
}
