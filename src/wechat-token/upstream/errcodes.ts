import type { FailureClass } from './failure.js';

/** The origin of an errcode: the endpoint that issues tokens, or an API that was called with a token. */
export type Origin = 'issue' | 'api';

interface Reaction {
  readonly class: FailureClass;
  /** The minimum wait before the next call, seconds. */
  readonly waitSeconds?: number;
  /** As {@link UpstreamError.mustEnd}. */
  readonly mustEnd?: true;
}

const HOUR = 3600;
const CREDENTIALS: Reaction = { class: 'credentials' };
const REJECTED: Reaction = { class: 'rejected' };
const ACCOUNT: Reaction = { class: 'account' };
/** A field was missing, or the method was wrong: the request was damaged on its way, which is the fault of no credentials. */
const DAMAGED: Reaction = { class: 'transient' };
const NEW_IP: Reaction = { class: 'ip', waitSeconds: 600 };

/** The administrator of the account has to confirm this IP address, or has refused it. */
function blocked(waitSeconds: number): Reaction {
  return { class: 'ip', waitSeconds, mustEnd: true };
}

/**
 * The reaction of this package to each of the platform's errcodes (R8).
 * @see https://developers.weixin.qq.com/doc/service/api/base/api_getaccesstoken
 * @see https://developers.weixin.qq.com/doc/store/API/basics/commErrCode.html
 */
const REACTIONS: ReadonlyMap<number, Reaction> = new Map([
  [-1, { class: 'transient' }],
  [40002, DAMAGED],
  [40013, CREDENTIALS],
  [40014, REJECTED],
  [40125, CREDENTIALS],
  [40164, NEW_IP],
  [40243, CREDENTIALS],
  [41002, DAMAGED],
  [41004, DAMAGED],
  [42001, REJECTED],
  [42007, ACCOUNT],
  [43002, DAMAGED],
  [45009, { class: 'quota', mustEnd: true }],
  [45011, { class: 'transient', waitSeconds: 60 }],
  [48004, ACCOUNT],
  [50002, ACCOUNT],
  [50004, ACCOUNT],
  [61004, NEW_IP],
  [61005, { class: 'transient' }],
  [61006, { class: 'transient' }],
  [61023, ACCOUNT],
  [89501, blocked(600)],
  [89502, blocked(600)],
  [89503, blocked(HOUR)],
  [89504, blocked(600)],
  [89505, blocked(600)],
  [89506, blocked(24 * HOUR)],
  [89507, blocked(HOUR)],
]);

/** The reaction to an errcode; undefined for a code that does not concern tokens. */
export function reactionTo(
  errcode: number,
  origin: Origin,
): Reaction | undefined {
  // 40001 has two meanings: "AppSecret wrong" from the issuing endpoint, "token not the latest" from any other API.
  if (errcode === 40001) return origin === 'issue' ? CREDENTIALS : REJECTED;
  return REACTIONS.get(errcode);
}
