import { StandardSchemaValidationPipe } from '@nestjs/common';
import * as v from 'valibot';
import { messages } from '../../common/messages.js';
import { HttpProblem } from './http-problem.js';

const MAX_ERRORS = 20;
/** R15: names that are repeated in a response. A form that was parsed as JSON has its whole content as the name of a field. */
const FIELD_NAME = /^[A-Za-z_]{1,30}$/;

/** Validates every argument that has a schema, and reports faults by the field's name. */
export const validationPipe = new StandardSchemaValidationPipe({
  exceptionFactory: (issues) => problemWith(issues),
});

/** As {@link validationPipe}, for a value that no pipe sees. @throws HttpProblem */
export function validated<Output>(
  schema: v.GenericSchema<unknown, Output>,
  value: unknown,
): Output {
  const { success, output, issues } = v.safeParse(schema, value);
  if (!success) throw problemWith(issues);
  return output;
}

interface Issue {
  readonly message: string;
  readonly path?: readonly Key[] | undefined;
}

function problemWith(issues: readonly Issue[]): HttpProblem {
  const errors = issues
    .slice(0, MAX_ERRORS)
    .map(({ message, path }) => ({ field: fieldOf(path), problem: message }));
  return new HttpProblem(400, messages.badRequest(), { errors });
}

type Key = PropertyKey | { readonly key: unknown };

function fieldOf(path: readonly Key[] = []): string {
  const field = path
    .map((part) => String(typeof part === 'object' ? part.key : part))
    .join('.');
  return FIELD_NAME.test(field) ? field : 'body';
}
