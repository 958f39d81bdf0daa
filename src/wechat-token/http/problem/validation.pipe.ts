import type { PipeTransform } from '@nestjs/common';
import * as v from 'valibot';
import { messages } from '../../common/messages.js';
import { HttpProblem } from './http-problem.js';

const MAX_ERRORS = 20;
/** R15: names that are repeated in a response. A form that was parsed as JSON has its whole content as the name of a field. */
const FIELD_NAME = /^[A-Za-z_]{1,30}$/;

/** A pipe that validates an argument of a route. */
export function validBy(schema: v.GenericSchema): PipeTransform {
  return { transform: (value) => validated(schema, value) };
}

/** The value as the schema has it. @throws HttpProblem, which reports faults by the field's name. */
export function validated<Output>(
  schema: v.GenericSchema<unknown, Output>,
  value: unknown,
): Output {
  const { success, output, issues } = v.safeParse(schema, value);
  if (!success) throw problemWith(issues);
  return output;
}

function problemWith(issues: readonly v.BaseIssue<unknown>[]): HttpProblem {
  const errors = issues
    .slice(0, MAX_ERRORS)
    .map((issue) => ({ field: fieldOf(issue), problem: issue.message }));
  return new HttpProblem(400, messages.badRequest(), { errors });
}

function fieldOf(issue: v.BaseIssue<unknown>): string {
  const field = v.getDotPath(issue) ?? '';
  return FIELD_NAME.test(field) ? field : 'body';
}
