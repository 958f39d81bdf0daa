import * as v from 'valibot';
import { fields, text, whole } from '../../common/schema-parts.js';
import { messages } from '../../common/messages.js';

const MAX_PAGE_SIZE = 100;
const MAX_REASON_LENGTH = 200;

const limit = v.optional(
  v.pipe(
    text(/^\d{1,3}$/, messages.badWhole(1, MAX_PAGE_SIZE)),
    v.transform(Number),
    whole(1, MAX_PAGE_SIZE),
  ),
  '50',
);

/** `?limit=&after=`: `after` is the `next` of the previous page. */
export const tokenPageQuery = v.object({
  limit,
  after: v.optional(text(/^[\w.:-]{0,191}$/, messages.badAfter()), ''),
});
export type TokenPageQuery = v.InferOutput<typeof tokenPageQuery>;

/** `?limit=&before=`: `before` is the `next` of the previous page. */
export const eventPageQuery = v.object({
  limit,
  before: v.optional(
    v.pipe(text(/^\d{1,15}$/, messages.badBefore()), v.transform(Number)),
  ),
});
export type EventPageQuery = v.InferOutput<typeof eventPageQuery>;

/** Every field is optional, and so is the body itself. */
export const refreshBody = v.nullish(
  fields({
    force: v.optional(v.boolean(messages.badFlag()), false),
    expectedFingerprint: v.optional(
      text(/^[0-9a-f]{8}$/, messages.badFingerprint()),
    ),
    reason: v.optional(
      text(
        new RegExp(`^.{0,${MAX_REASON_LENGTH}}$`, 'su'),
        messages.badReason(MAX_REASON_LENGTH),
      ),
    ),
  }),
  {},
);
export type RefreshBody = v.InferOutput<typeof refreshBody>;
