import { StandardSchemaValidationPipe } from '@nestjs/common';
import { messages } from '../../common/messages.js';
import { HttpProblem } from './http-problem.js';

const MAX_ERRORS = 20;
/** R15: names that are repeated in a response. A form that was parsed as JSON has its whole content as the name of a field. */
const FIELD_NAME = /^[A-Za-z_]{1,30}$/;

/** Validates every argument that has a schema, and reports faults by the field's name. */
export const validationPipe = new StandardSchemaValidationPipe({
  exceptionFactory: (issues) => {
    const errors = issues
      .slice(0, MAX_ERRORS)
      .map(({ message, path }) => ({ field: fieldOf(path), problem: message }));
    return new HttpProblem(400, messages.badRequest(), { errors });
  },
});

type Key = PropertyKey | { readonly key: PropertyKey };

function fieldOf(path: readonly Key[] = []): string {
  const field = path
    .map((part) => String(typeof part === 'object' ? part.key : part))
    .join('.');
  return FIELD_NAME.test(field) ? field : 'body';
}
