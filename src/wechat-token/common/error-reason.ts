import { types } from 'node:util';
import {
  type ErrorOrigin,
  isAccountSourceError,
  isWechatTokenError,
} from './errors.js';

/** R15: the message of this package's errors; of others, whose message may hold a secret, the class, the code and the stack frames. */
export function reasonOf(error: unknown): ErrorOrigin & { reason: string } {
  if (!isWechatTokenError(error))
    return { reason: `unexpected: ${kindOf(error)}`, ...originOf(error) };
  const { message } = error;
  return isAccountSourceError(error) && error.thrown !== undefined
    ? { reason: `${message} (${error.thrown})`, ...error.origin }
    : { reason: message };
}

/** Also one of another realm: what Node throws is no `Error` of the code that Jest runs. */
function isError(thrown: unknown): thrown is Error {
  return thrown instanceof Error || types.isNativeError(thrown);
}

/** The class of an error, such as `TypeError`. */
export function kindOf(error: unknown): string {
  if (!isError(error)) return typeof error;
  return /^\w{1,64}$/.test(error.name) ? error.name : 'Error';
}

/** In the upper case of Node's and the drivers' codes, unlike WeChat's secrets. */
const CODE = /^[A-Z\d_]{1,64}$/;
/** Such as `at async Shop.load [as find] (file:///app/shop.js:3:14)`. */
const FRAME =
  /^at (?:[\p{ID_Continue}$.<>[\] #]+ \()?(?:file:\/\/|node:|\/|[A-Z]:\\).*:\d+:\d+\)?$/u;

export function originOf(error: unknown): ErrorOrigin {
  if (!isError(error)) return {};
  const { code } = error as NodeJS.ErrnoException;
  const stack = framesOf(error);
  return {
    ...(typeof code === 'string' && CODE.test(code) && { code }),
    ...(stack.length > 0 && { stack }),
  };
}

/** The lines of the stack after the message, which may have several lines; none if the message is no longer the one in the stack. */
function framesOf({ message, stack }: Error): string[] {
  if (typeof stack !== 'string') return [];
  const [kind = ''] = /^[\w$]+(?: \[\w+\])?(?:: )?/.exec(stack) ?? [];
  const heading = `${kind}${message}\n`;
  if (!stack.startsWith(heading)) return [];
  const lines = stack.slice(heading.length).split('\n');
  return lines.map((line) => line.trim()).filter((line) => FRAME.test(line));
}
