import { Reflector } from '@nestjs/core';
import type { ApiScope } from '../../common/settings.js';

/** Routes that an option of `http` switches on and off together. */
export type RouteGroup = 'admin' | 'tokens';

/** The group of a controller. */
export const Group = Reflector.createDecorator<RouteGroup>();

/** The scope that a key must have for a route. */
export const Needs = Reflector.createDecorator<ApiScope>();
