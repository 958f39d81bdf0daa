import { z } from 'zod';
import { messages } from './wechat-token.messages.js';

/** One of these words. */
export const choice = <const Values extends readonly string[]>(
  values: Values,
) => z.enum(values, messages.badChoice(values));

export const whole = (least: number, most: number) =>
  z
    .number(messages.badWhole(least, most))
    .refine(
      (n) => Number.isInteger(n) && n >= least && n <= most,
      messages.badWhole(least, most),
    );

export const text = (pattern: RegExp, problem: string) =>
  z.string(problem).regex(pattern, problem);

/** An object of these fields and no others. */
export function fields<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  const names = Object.keys(shape);
  return z.strictObject(shape, {
    error: ({ code }) =>
      code === 'unrecognized_keys'
        ? messages.unknownField(names)
        : messages.badObject(names),
  });
}
