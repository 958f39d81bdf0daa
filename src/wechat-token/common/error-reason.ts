import { isAccountSourceError, isWechatTokenError } from './errors.js';

/** The reason to log: the message of this package's errors, only the class of others, whose message may hold a secret (R15). */
export function reasonOf(error: unknown): string {
  if (!isWechatTokenError(error)) return `unexpected: ${kindOf(error)}`;
  const { message } = error;
  return isAccountSourceError(error) && error.thrown !== undefined
    ? `${message} (${error.thrown})`
    : message;
}

/** The class of an error, such as `TypeError`. */
export function kindOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  return /^\w{1,64}$/.test(error.name) ? error.name : 'Error';
}
