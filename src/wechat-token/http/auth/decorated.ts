import type { Type } from '@nestjs/common';

/** A class of its own for each registration: another one in the process may have other decorators. */
export function decorated(
  controller: Type,
  decorators: readonly ClassDecorator[],
): Type {
  if (decorators.length === 0) return controller;
  const own = class extends controller {};
  Object.defineProperty(own, 'name', { value: controller.name });
  for (const decorate of decorators) decorate(own);
  return own;
}
