import { StandardSchemaValidationPipe } from '@nestjs/common';
import { messages } from '../../common/messages.js';
import { HttpProblem } from './http-problem.js';

const MOST_ERRORS = 20;
/** What may be told of a field that we do not know: a form that is taken for JSON has all it holds for a name (R15). */
const FIELD_NAME = /^[A-Za-z_]{1,30}$/;

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
