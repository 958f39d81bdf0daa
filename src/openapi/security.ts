import type { SecuritySchemes } from './openapi.types.js';

/** The two ways in which a key may be sent; never in an URL. */
export const securitySchemes: SecuritySchemes = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    description: 'An API key, one of the setting API_KEYS.',
  },
  apiKey: {
    type: 'apiKey',
    in: 'header',
    name: 'X-API-Key',
    description: 'The same key, for clients that cannot set Authorization.',
  },
};

/** Either suffices. */
export const security = Object.keys(securitySchemes).map((name) => ({
  [name]: [],
}));
