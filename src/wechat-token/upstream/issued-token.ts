import { messages } from '../common/messages.js';
import { type Origin, reactionTo } from './errcodes.js';
import { UpstreamError } from './failure.js';
import type { IssuedToken } from './token-source.js';
import { errmsgOf, type WechatAnswer } from './wechat-gateway.js';

const LONGEST_TOKEN = 8192;
const LONGEST_LIFE_SECONDS = 30 * 24 * 3600;

/**
 * R6: an answer is a token only if it holds one: a printable string of sane length, and a life that is a positive integer.
 * `origin` is `issue` where the AppSecret was sent, `api` where another token was.
 * @throws UpstreamError with the platform's errcode and class, or `transient` when the answer is neither token nor error.
 */
export function parseIssued(
  answer: WechatAnswer,
  field: string,
  origin: Origin,
  secrets: readonly string[],
): IssuedToken {
  const { errcode, expires_in: life } = answer;
  if (typeof errcode === 'number' && errcode !== 0)
    throw issueError(errcode, origin, errmsgOf(answer, secrets));
  const value = answer[field];
  if (
    typeof value !== 'string' ||
    value.length > LONGEST_TOKEN ||
    !/^[\x21-\x7e]+$/.test(value)
  )
    throw notAToken(field);
  if (
    typeof life !== 'number' ||
    !Number.isInteger(life) ||
    life <= 0 ||
    life > LONGEST_LIFE_SECONDS
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
    },
  );
}

function notAToken(field: string): UpstreamError {
  return new UpstreamError(messages.notAToken(field), { class: 'transient' });
}
