import * as v from 'valibot';
import { choice, fields, text, whole } from '../../common/schema-parts.js';
import { messages } from '../../common/messages.js';
import { adminMessages } from './admin.messages.js';
import type { TokenStatus } from './admin.types.js';

const MAX_PAGE_SIZE = 100;
const MAX_REASON_LENGTH = 200;
const MAX_SEARCH_LENGTH = 100;
const MAX_NAMES = 100;

/** The worst first. */
export const STATUSES: readonly TokenStatus[] = [
  'expired',
  'missing',
  'cooling-down',
  'due',
  'refreshing',
  'valid',
];
const STATUS = `(?:${STATUSES.join('|')})`;
const NAME = String.raw`[\w.:-]{1,191}`;

const list = (pattern: RegExp, problem: string) =>
  v.pipe(
    text(pattern, problem),
    v.transform((names) => [...new Set(names.split(','))]),
  );

const limit = v.optional(
  v.pipe(
    text(/^\d{1,3}$/, messages.badWhole(1, MAX_PAGE_SIZE)),
    v.transform(Number),
    whole(1, MAX_PAGE_SIZE),
  ),
  '50',
);

/** `after` in the order of urgency: a place, and the name of the token. */
export const URGENCY_CURSOR = new RegExp(`^([0-5]):(${NAME})$`);

/**
 * `?order=&status=&kind=&search=&name=&limit=&after=`: `after` is the `next` of the previous page, in the same order. `kind` is a
 * token's, since rows do not say the kind of an account.
 */
export const tokenPageQuery = v.pipe(
  v.object({
    limit,
    after: v.optional(text(/^[\w.:-]{0,191}$/, messages.badAfter()), ''),
    order: v.optional(choice(['name', 'urgency']), 'name'),
    status: v.optional(
      list(
        new RegExp(`^${STATUS}(?:,${STATUS})*$`),
        adminMessages.badStatuses(STATUSES),
      ),
    ),
    kind: v.optional(text(/^[a-z\d_]{1,64}$/, adminMessages.badKind())),
    search: v.optional(
      text(
        new RegExp(`^\\P{C}{0,${MAX_SEARCH_LENGTH}}$`, 'u'),
        adminMessages.badSearch(MAX_SEARCH_LENGTH),
      ),
    ),
    name: v.optional(
      list(
        new RegExp(`^${NAME}(?:,${NAME}){0,${MAX_NAMES - 1}}$`),
        adminMessages.badNames(MAX_NAMES),
      ),
    ),
  }),
  v.forward(
    v.check(
      ({ order, after }) =>
        order === 'name' || after === '' || URGENCY_CURSOR.test(after),
      adminMessages.badPlace(),
    ),
    ['after'],
  ),
);
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
