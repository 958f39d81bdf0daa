import { isAccountSourceError, isWechatTokenError } from './errors.js';

/** What a log may say of an error: our own words; of foreign ones, which may hold a secret, the kind alone (R15). */
export function reasonOf(error: unknown): string {
  if (!isWechatTokenError(error)) return `unforeseen: ${kindOf(error)}`;
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
