import { THEN_REFRESH, THEN_RESTART } from '../../sources/advice.js';
import type { Errcodes, Reaction } from '../../sources/errcodes.js';

const REJECTED: Reaction = { class: 'rejected' };
const SECRET: Reaction = {
  class: 'credentials',
  advice: `Correct the corpId and the secret of this application (in WECHAT_ACCOUNTS) ${THEN_RESTART}`,
};
/**
 * The codes of `qyapi.weixin.qq.com`, many of which mean something else than on `api.weixin.qq.com`: 40001 is always the secret,
 * 45009 is a limit of a minute or an hour. 42007, 50002 and 301002 say nothing about a token, and so are not here.
 * @see https://developer.work.weixin.qq.com/document/path/90455
 * @see https://developer.work.weixin.qq.com/document/path/90454
 */
export const WECOM_ERRCODES: Errcodes = new Map<number, Reaction>([
  [-1, { class: 'transient' }],
  [40001, SECRET],
  [40013, SECRET],
  [40014, REJECTED],
  [40091, SECRET],
  [41001, REJECTED],
  [41002, SECRET],
  [41004, SECRET],
  [41024, SECRET],
  [42001, REJECTED],
  [
    45009,
    {
      class: 'quota',
      waitSeconds: 60,
      repeatedWaitSeconds: 3600,
      mustEnd: true,
      advice:
        'WeCom limits the calls of a minute, which it then refuses for 60 s, and of an hour, which it refuses for 60 minutes; it will be retried automatically after that. Check what else calls WeCom for this corporation.',
    },
  ],
  [
    45033,
    {
      class: 'transient',
      waitSeconds: 2,
      advice:
        'Too many calls ran at the same time; it will be retried automatically.',
    },
  ],
  [
    50003,
    {
      class: 'account',
      advice: `The application is disabled: enable it in the WeCom admin console, ${THEN_REFRESH}`,
    },
  ],
  [
    60020,
    {
      class: 'ip',
      waitSeconds: 60,
      advice:
        "Add this machine's IP to the trusted IPs of the application in the WeCom admin console, which takes about a minute to apply; it will be retried automatically.",
    },
  ],
]);

/** As {@link WECOM_ERRCODES}, for tickets: an application that may not have one is not asked for it all day. */
export const WECOM_TICKET_ERRCODES: Errcodes = new Map([
  ...WECOM_ERRCODES,
  [
    48002,
    {
      class: 'account',
      advice: `The application may not have this ticket: see its permissions in the WeCom admin console, or remove the ticket from its setting \`tickets\`, ${THEN_REFRESH}`,
    },
  ],
]);
