import { StandardSchemaValidationPipe } from '@nestjs/common';
import * as v from 'valibot';
import { fields, text, whole } from '../schema-parts.js';
import { messages } from '../wechat-token.messages.js';
import { HttpProblem } from './http-problem.js';

const LARGEST_PAGE = 100;
const LONGEST_REASON = 200;
/** Far more than any token of the platform's, far less than a body may have. */
const LONGEST_TOKEN = 4096;
const MOST_ERRORS = 20;
/** What may be told of a field that we do not know: a form that is taken for JSON has all it holds for a name (R15). */
const FIELD_NAME = /^[A-Za-z_]{1,30}$/;

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

export const rejectedBody = fields({
  value: text(
    new RegExp(`^.{1,${LONGEST_TOKEN}}$`, 'su'),
    messages.badToken(LONGEST_TOKEN),
  ),
});
export type RejectedBody = v.InferOutput<typeof rejectedBody>;

/** Checks what has a schema; what is wrong is told by the field's name. */
export const checked = new StandardSchemaValidationPipe({
  exceptionFactory: (issues) => {
    const errors = issues
      .slice(0, MOST_ERRORS)
      .map(({ message: problem, path }) => ({ field: toField(path), problem }));
    return new HttpProblem(400, messages.badRequest(), { errors });
  },
});

type Key = PropertyKey | { readonly key: PropertyKey };

function toField(path: readonly Key[] = []): string {
  const field = path
    .map((part) => String(typeof part === 'object' ? part.key : part))
    .join('.');
  return FIELD_NAME.test(field) ? field : 'body';
}
