import * as v from 'valibot';
import { messages } from '../common/messages.js';
import { fields, text } from '../common/schema-parts.js';

/** Far more than any token of the platform's, far less than a body may have. */
const LONGEST_TOKEN = 4096;

export const rejectedBody = fields({
  value: text(
    new RegExp(`^.{1,${LONGEST_TOKEN}}$`, 'su'),
    messages.badToken(LONGEST_TOKEN),
  ),
});
export type RejectedBody = v.InferOutput<typeof rejectedBody>;
