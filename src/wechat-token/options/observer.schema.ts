import * as v from 'valibot';
import { messages } from '../common/messages.js';
import { type TokenObserver, TOPICS } from '../common/observer.js';

/** An object, which may have other members: the app's own. */
export const observer = v.custom<TokenObserver>(
  (value) =>
    value instanceof Object &&
    [...TOPICS, 'started'].every((topic) =>
      ['function', 'undefined'].includes(
        typeof (value as Readonly<Record<string, unknown>>)[topic],
      ),
    ),
  messages.badObserver(),
);
