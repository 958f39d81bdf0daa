import type { SecuritySchemes } from './openapi.types.js';

/** The two ways to send a key; a key is never part of a URL. */
export const securitySchemes: SecuritySchemes = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    description: 'An API key of the setting API_KEYS.',
  },
  apiKey: {
    type: 'apiKey',
    in: 'header',
    name: 'X-API-Key',
    description: 'The same key, for clients that cannot set Authorization.',
  },
};

/** Either one is sufficient. */
export const security = Object.keys(securitySchemes).map((name) => ({
  [name]: [],
}));
