import * as v from 'valibot';
import { messages } from '../common/messages.js';
import type { TokenSource } from '../sources/token-source.js';

/** The sources of this package, whose ids no other may have. */
const OWN_IDS = /^(?:stable|classic|jsapi|wx_card|wecom(?:-.*)?)$/;

type Check = readonly [
  field: keyof TokenSource,
  isValid: (value: unknown) => boolean,
  problem: string,
];

const isOneOf =
  (...allowed: unknown[]) =>
  (value: unknown) =>
    allowed.includes(value);
const isFlag = isOneOf(true, false);
const isText = (pattern: RegExp) => (value: unknown) =>
  typeof value === 'string' && pattern.test(value);
const isFunction = (value: unknown) => typeof value === 'function';
const isOptional = (isValid: (value: unknown) => boolean) => (value: unknown) =>
  value === undefined || isValid(value);
const FLAG = 'must be true or false';

/** What the engine relies on. A source that is written in JavaScript has no compiler to say it. */
const CHECKS: readonly Check[] = [
  [
    'id',
    (id) => isText(/^[\w-]{1,32}$/)(id) && !OWN_IDS.test(String(id)),
    "must be 1 to 32 letters, digits, '_' or '-', and not the id of a source of this package",
  ],
  [
    'kind',
    isText(/^[a-z][a-z0-9_]{0,31}$/),
    "must be 1 to 32 lower-case letters, digits or '_', and begin with a letter",
  ],
  [
    'accountKind',
    isOptional(isText(/^(?!wecom$)[a-z][a-z0-9-]{0,31}$/)),
    'must be 1 to 32 lower-case letters, digits or \'-\', and not "wecom"',
  ],
  [
    'platform',
    (platform) => {
      const { name, baseUrl } = Object(platform) as Record<string, unknown>;
      return (
        typeof name === 'string' && isText(/^https?:\/\/[^?#@]+[^/]$/)(baseUrl)
      );
    },
    'must have a name, and a baseUrl such as "https://api.example.com" without a slash at the end',
  ],
  ['errcodes', (table) => table instanceof Map, 'must be a Map'],
  [
    'repeatedCall',
    isOneOf('same', 'rotates', 'same, life counted anew'),
    'must be "same", "rotates" or "same, life counted anew"',
  ],
  ['canForce', isFlag, FLAG],
  ['mayCallInParallel', isFlag, FLAG],
  ['isEarlyCallHarmless', isFlag, FLAG],
  [
    'marginSeconds',
    (margin) => Number.isInteger(margin) && Number(margin) >= 1,
    'must be a positive whole number',
  ],
  [
    'rejectionHealedBy',
    isOneOf('call', 'forced call'),
    'must be "call" or "forced call"',
  ],
  ['limits', isOptional(isFunction), 'must be a function'],
  ['serves', isFunction, 'must be a function'],
  ['needs', isOptional(isFunction), 'must be a function'],
  ['issue', isFunction, 'must be a function'],
  ['probe', isOptional(isFunction), 'must be a function'],
];

function faultOf(source: unknown): string | undefined {
  if (typeof source !== 'object' || source === null)
    return messages.badSource();
  const given = source as Record<keyof TokenSource, unknown>;
  const found = CHECKS.find(([field, isValid]) => !isValid(given[field]));
  if (found) return messages.badSourceField(found[0], found[2]);
  if (given.rejectionHealedBy === 'forced call' && given.canForce !== true)
    return messages.badSourceField(
      'canForce',
      'must be true, since rejectionHealedBy is "forced call"',
    );
  const isRotating = given.repeatedCall === 'rotates';
  const isUnsafe =
    given.mayCallInParallel === true || given.isEarlyCallHarmless === true;
  return isRotating && isUnsafe
    ? messages.badSourceField(
        'repeatedCall',
        'is "rotates": then mayCallInParallel and isEarlyCallHarmless must be false, since each call ends the token that others use',
      )
    : undefined;
}

const source = v.pipe(
  v.custom<TokenSource>(() => true),
  v.rawCheck(({ dataset, addIssue }) => {
    const message = dataset.typed ? faultOf(dataset.value) : undefined;
    if (message !== undefined) addIssue({ message });
  }),
);

export const sourceList = v.array(source, messages.badList());

/** The kinds of account that these sources add. They need not be valid. */
export function ownKindsOf(sources: unknown): string[] {
  if (!Array.isArray(sources)) return [];
  return sources.flatMap((one: unknown) => {
    const { accountKind } = Object(one) as { accountKind?: unknown };
    return typeof accountKind === 'string' ? [accountKind] : [];
  });
}
