import * as v from 'valibot';
import { messages } from '../common/messages.js';
import { fields, text } from '../common/schema-parts.js';

/** Far longer than any token of WeChat, far shorter than the largest body. */
const MAX_TOKEN_LENGTH = 4096;

export const rejectedBody = fields({
  value: text(
    new RegExp(`^.{1,${MAX_TOKEN_LENGTH}}$`, 'su'),
    messages.badToken(MAX_TOKEN_LENGTH),
  ),
});
export type RejectedBody = v.InferOutput<typeof rejectedBody>;
