import { StandardSchemaValidationPipe } from '@nestjs/common';
import { z } from 'zod';
import { fields, text } from '../schema-parts.js';
import { messages } from '../wechat-token.messages.js';
import { type FieldProblem, HttpProblem } from './http-problem.js';

const LARGEST_PAGE = 100;
const LONGEST_REASON = 200;
/** Far more than any token of the platform's, far less than a body may have. */
const LONGEST_TOKEN = 4096;
const MOST_ERRORS = 20;
/** What may be told of a field that we do not know: a form that is taken for JSON has all it holds for a name (R15). */
const FIELD_NAME = /^[A-Za-z_]{1,30}$/;

const limit = z
  .string(messages.badWhole(1, LARGEST_PAGE))
  .regex(/^\d{1,3}$/, messages.badWhole(1, LARGEST_PAGE))
  .transform(Number)
  .refine(
    (n) => n >= 1 && n <= LARGEST_PAGE,
    messages.badWhole(1, LARGEST_PAGE),
  )
  .default(50);

/** `?limit=&after=`: `after` is the `next` of the page before. */
export const tokenPageQuery = z.object({
  limit,
  after: text(/^[\w.:-]{0,191}$/, messages.badAfter()).default(''),
});
export type TokenPageQuery = z.infer<typeof tokenPageQuery>;

/** `?limit=&before=`: `before` is the `next` of the page before. */
export const eventPageQuery = z.object({
  limit,
  before: text(/^\d{1,15}$/, messages.badBefore())
    .transform(Number)
    .optional(),
});
export type EventPageQuery = z.infer<typeof eventPageQuery>;

export const refreshBody = body(
  {
    force: z.boolean(messages.badFlag()).default(false),
    expectedFingerprint: text(
      /^[0-9a-f]{8}$/,
      messages.badFingerprint(),
    ).optional(),
    reason: text(
      new RegExp(`^.{0,${LONGEST_REASON}}$`, 'su'),
      messages.badReason(LONGEST_REASON),
    ).optional(),
  },
  // All of it may be left out, and so may the body.
  (given) => given ?? {},
);
export type RefreshBody = z.infer<typeof refreshBody>;

export const rejectedBody = body({
  value: text(
    new RegExp(`^.{1,${LONGEST_TOKEN}}$`, 'su'),
    messages.badToken(LONGEST_TOKEN),
  ),
});
export type RejectedBody = z.infer<typeof rejectedBody>;

/** An object of these fields and no others: one that is misspelt is not passed over. */
function body<Shape extends z.core.$ZodLooseShape>(
  shape: Shape,
  prepare = (given: unknown) => given,
) {
  return z.preprocess(prepare, fields(shape));
}

/** Checks what has a schema; what is wrong is told by the field's name. */
export const checked = new StandardSchemaValidationPipe({
  exceptionFactory: (issues) => {
    const errors = issues.flatMap(toFieldProblems).slice(0, MOST_ERRORS);
    return new HttpProblem(400, messages.badRequest(), { errors });
  },
});

function toFieldProblems(issue: {
  readonly message: string;
  readonly path?: readonly unknown[] | undefined;
  /** Zod's, of fields that are too many. */
  readonly keys?: readonly string[];
}): FieldProblem[] {
  const { message: problem, path = [], keys } = issue;
  const fields = keys
    ? keys.map((key) => (FIELD_NAME.test(key) ? key : 'body'))
    : [path.join('.') || 'body'];
  return fields.map((field) => ({ field, problem }));
}
