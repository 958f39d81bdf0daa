import { messages } from '../common/messages.js';
import { type Origin, reactionTo } from './errcodes.js';
import { UpstreamError } from './failure.js';
import type { IssuedToken } from './token-source.js';
import {
  errcodeOf,
  errmsgOf,
  numberIn,
  type WechatAnswer,
} from './wechat-answer.js';

const MAX_TOKEN_LENGTH = 8192;
const MAX_LIFE_SECONDS = 30 * 24 * 3600;

/**
 * Validates a response (R6): a token is a printable string of plausible length with a life that is a positive integer.
 * @param origin `issue` for a request with the AppSecret, `api` for a request with another token.
 * @throws UpstreamError with the platform's errcode and class, or `transient` when the response is neither token nor error.
 */
export function parseIssued(
  answer: WechatAnswer,
  field: string,
  origin: Origin,
  secrets: readonly string[],
): IssuedToken {
  const errcode = errcodeOf(answer);
  if (errcode !== undefined)
    throw issueError(errcode, origin, errmsgOf(answer, secrets));
  const value = answer[field];
  if (
    typeof value !== 'string' ||
    value.length > MAX_TOKEN_LENGTH ||
    !/^[\x21-\x7e]+$/.test(value)
  )
    throw notAToken(field);
  const life = numberIn(answer['expires_in']);
  if (
    life === undefined ||
    !Number.isInteger(life) ||
    life <= 0 ||
    life > MAX_LIFE_SECONDS
  )
    throw notAToken('expires_in');
  return { value, lifeMs: life * 1000 };
}

function issueError(
  errcode: number,
  origin: Origin,
  errmsg: string,
): UpstreamError {
  const reaction = reactionTo(errcode, origin) ?? { class: 'transient' };
  return new UpstreamError(
    messages.issueRefused(errcode, errmsg, reaction.class),
    {
      class: reaction.class,
      errcode,
      minWaitMs: (reaction.waitSeconds ?? 0) * 1000,
      mustEnd: reaction.mustEnd ?? false,
    },
  );
}

function notAToken(field: string): UpstreamError {
  return new UpstreamError(messages.notAToken(field), { class: 'transient' });
}
