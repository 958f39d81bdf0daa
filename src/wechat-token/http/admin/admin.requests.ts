import * as v from 'valibot';
import { fields, text, whole } from '../../common/schema-parts.js';
import { messages } from '../../common/messages.js';

const LARGEST_PAGE = 100;
const LONGEST_REASON = 200;

const limit = v.optional(
  v.pipe(
    text(/^\d{1,3}$/, messages.badWhole(1, LARGEST_PAGE)),
    v.transform(Number),
    whole(1, LARGEST_PAGE),
  ),
  '50',
);

/** `?limit=&after=`: `after` is the `next` of the page before. */
export const tokenPageQuery = v.object({
  limit,
  after: v.optional(text(/^[\w.:-]{0,191}$/, messages.badAfter()), ''),
});
export type TokenPageQuery = v.InferOutput<typeof tokenPageQuery>;

/** `?limit=&before=`: `before` is the `next` of the page before. */
export const eventPageQuery = v.object({
  limit,
  before: v.optional(
    v.pipe(text(/^\d{1,15}$/, messages.badBefore()), v.transform(Number)),
  ),
});
export type EventPageQuery = v.InferOutput<typeof eventPageQuery>;

/** All of it may be left out, and so may the body. */
export const refreshBody = v.nullish(
  fields({
    force: v.optional(v.boolean(messages.badFlag()), false),
    expectedFingerprint: v.optional(
      text(/^[0-9a-f]{8}$/, messages.badFingerprint()),
    ),
    reason: v.optional(
      text(
        new RegExp(`^.{0,${LONGEST_REASON}}$`, 'su'),
        messages.badReason(LONGEST_REASON),
      ),
    ),
  }),
  {},
);
export type RefreshBody = v.InferOutput<typeof refreshBody>;
