import * as v from 'valibot';
import { WECHAT_KINDS } from '../accounts/account.js';
import { messages } from '../common/messages.js';
import { choice, object, text, whole } from '../common/schema-parts.js';
import type { FailureClass, Reaction } from '../sources/errcodes.js';
import type { TokenSource } from '../sources/token-source.js';
import { sourceMessages } from './source.messages.js';

/** The sources of this package, whose ids no other may have. */
const OWN_IDS = /^(?:stable|classic|jsapi|wx_card|wecom(?:-.*)?)$/;
const OWN_ACCOUNT_KINDS: readonly string[] = [...WECHAT_KINDS, 'wecom'];
/** A platform's answer says nothing of certificates. */
const CLASSES: readonly FailureClass[] = [
  'transient',
  'rejected',
  'credentials',
  'ip',
  'quota',
  'account',
];
const MAX_MARGIN_SECONDS = 30 * 24 * 3600;

const flag = v.boolean(messages.badFlag());
const func = v.function(sourceMessages.badFunction());
const someText = text(/./, sourceMessages.badText());
const baseUrl = text(
  /^https?:\/\/[^\s?#@]*[^\s?#@/]$/,
  sourceMessages.badBaseUrl(),
);

const platform = object({
  name: someText,
  baseUrl,
  fallbackUrls: v.optional(v.array(baseUrl, messages.badList())),
  setting: v.optional(someText),
  refusal: v.optional(object({ code: someText, message: someText })),
});

const errcodes = v.pipe(
  v.custom<ReadonlyMap<number, unknown>>(
    (table) =>
      table instanceof Map && [...table.keys()].every(Number.isSafeInteger),
    sourceMessages.badErrcodes(),
  ),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    for (const [code, reaction] of dataset.value)
      if (!isReaction(reaction))
        addIssue({ message: sourceMessages.badErrcode(code, CLASSES) });
  }),
);

/** The engine keeps no longer wait (R8). */
const MAX_WAIT_SECONDS = 86_400;

function isReaction(reaction: unknown): boolean {
  const given = Object(reaction) as Reaction;
  const waits = [given.waitSeconds, given.repeatedWaitSeconds];
  return (
    CLASSES.includes(given.class) &&
    waits.every(
      (wait) =>
        wait === undefined ||
        (Number.isFinite(wait) && wait > 0 && wait <= MAX_WAIT_SECONDS),
    )
  );
}

/** What the engine relies on. A source that is written in JavaScript has no compiler to say it. */
const declarations = v.pipe(
  object({
    id: v.pipe(
      text(/^[\w-]{1,32}$/, sourceMessages.badId()),
      v.check((id) => !OWN_IDS.test(id), sourceMessages.idOfThisPackage()),
    ),
    kind: text(/^[a-z][a-z0-9_]{0,31}$/, sourceMessages.badKind()),
    accountKind: v.optional(
      v.pipe(
        text(/^[a-z][a-z0-9-]{0,31}$/, sourceMessages.badAccountKind()),
        v.check(
          (kind) => !OWN_ACCOUNT_KINDS.includes(kind),
          sourceMessages.accountKindOfThisPackage(OWN_ACCOUNT_KINDS),
        ),
      ),
    ),
    platform,
    errcodes,
    repeatedCall: choice(['same', 'rotates', 'same, life counted anew']),
    canForce: flag,
    mayCallInParallel: flag,
    isEarlyCallHarmless: flag,
    marginSeconds: whole(1, MAX_MARGIN_SECONDS),
    rejectionHealedBy: choice(['call', 'forced call']),
    limits: v.optional(func),
    serves: func,
    needs: v.optional(func),
    issue: func,
    probe: v.optional(func),
  }),
  v.forward(
    v.partialCheck(
      [['rejectionHealedBy'], ['canForce']],
      ({ rejectionHealedBy, canForce }) =>
        rejectionHealedBy === 'call' || canForce,
      sourceMessages.cannotForce(),
    ),
    ['canForce'],
  ),
  v.forward(
    v.partialCheck(
      [['repeatedCall'], ['mayCallInParallel']],
      (given) => given.repeatedCall !== 'rotates' || !given.mayCallInParallel,
      sourceMessages.isUnsafe(),
    ),
    ['mayCallInParallel'],
  ),
  v.forward(
    v.partialCheck(
      [['repeatedCall'], ['isEarlyCallHarmless']],
      (given) => given.repeatedCall !== 'rotates' || !given.isEarlyCallHarmless,
      sourceMessages.isUnsafe(),
    ),
    ['isEarlyCallHarmless'],
  ),
);

/** The source itself, whose functions may be those of its class. */
const source = v.lazy((given) =>
  v.pipe(
    declarations,
    v.transform(() => given as TokenSource),
  ),
);

export const sourceList = v.array(source, messages.badList());

/** The kinds of account that these sources add. They need not be valid. */
export function ownKindsOf(sources: unknown): string[] {
  if (!Array.isArray(sources)) return [];
  return sources.flatMap((one: unknown) => {
    const { accountKind } = Object(one) as { accountKind?: unknown };
    const isOwn =
      typeof accountKind === 'string' &&
      !OWN_ACCOUNT_KINDS.includes(accountKind);
    return isOwn ? [accountKind] : [];
  });
}
