import { schema } from './parts.js';
import type { Schemas } from './openapi.types.js';

const instant = { type: ['string', 'null'], format: 'date-time' };

export const adminSchemas: Schemas = {
  Token: {
    description:
      'A token as an operator sees it: all but its value. Instants are UTC, by the clock of the database.',
    type: 'object',
    additionalProperties: false,
    required: [
      'name',
      'account',
      'appId',
      'kind',
      'source',
      'status',
      'fingerprint',
      'masked',
      'issuedAt',
      'refreshAt',
      'expiresAt',
      'expiresIn',
      'version',
      'lease',
      'lastError',
      'failureCount',
      'nextAttemptAt',
      'forcedToday',
    ],
    properties: {
      name: {
        type: 'string',
        description:
          '`access_token` for the default account, `access_token:shop` for the account `shop`.',
      },
      account: { type: 'string' },
      appId: { type: 'string' },
      kind: { type: 'string', enum: ['official-account', 'mini-program'] },
      source: {
        type: ['string', 'null'],
        description: 'What issued it: `stable` or `classic`.',
      },
      status: {
        type: 'string',
        enum: [
          'valid',
          'due',
          'refreshing',
          'cooling-down',
          'expired',
          'missing',
        ],
        description:
          '`due`: served, and about to be renewed. `cooling-down`: no renewal is tried before `nextAttemptAt`.',
      },
      fingerprint: {
        type: ['string', 'null'],
        pattern: '^[0-9a-f]{8}$',
        description: 'The first 8 hexadecimal digits of its SHA-256.',
      },
      masked: { type: ['string', 'null'] },
      issuedAt: instant,
      refreshAt: {
        ...instant,
        description: 'From then on it is renewed in the background.',
      },
      expiresAt: instant,
      expiresIn: {
        type: ['integer', 'null'],
        minimum: 0,
        description: 'Seconds.',
      },
      version: {
        type: 'integer',
        minimum: 0,
        description: 'Grows with every change of its row.',
      },
      lease: {
        description: 'Held by the replica that renews it now.',
        oneOf: [schema('Lease'), { type: 'null' }],
      },
      lastError: {
        description:
          'Why the last renewal failed; null since one has succeeded.',
        oneOf: [schema('RefreshError'), { type: 'null' }],
      },
      failureCount: {
        type: 'integer',
        minimum: 0,
        description: 'Renewals that failed, since the last that did not.',
      },
      nextAttemptAt: instant,
      forcedToday: {
        type: 'integer',
        minimum: 0,
        description:
          'Forced renewals since midnight in China, of 20 that WeChat allows.',
      },
    },
  },
  Lease: {
    type: 'object',
    additionalProperties: false,
    required: ['owner', 'until'],
    properties: {
      owner: { type: 'string', description: 'A replica.' },
      until: { type: 'string', format: 'date-time' },
    },
  },
  RefreshError: {
    type: 'object',
    additionalProperties: false,
    required: ['class', 'errcode', 'message', 'at'],
    properties: {
      class: {
        type: 'string',
        description:
          '`transient`, `credentials`, `ip`, `quota`, `account`, `rejected`, or `sealed` for a stored value whose key is missing.',
      },
      errcode: {
        type: ['integer', 'null'],
        description: "WeChat's own; null when there was no usable answer.",
      },
      message: { type: 'string' },
      at: { type: 'string', format: 'date-time' },
    },
  },
  TokenPage: {
    type: 'object',
    additionalProperties: false,
    required: ['items', 'next'],
    properties: {
      items: { type: 'array', items: schema('Token') },
      next: {
        type: ['string', 'null'],
        description: '`after` of the next page; null on the last.',
      },
    },
  },
  TokenEvent: {
    type: 'object',
    additionalProperties: false,
    required: [
      'id',
      'at',
      'type',
      'actor',
      'fingerprint',
      'latencyMs',
      'detail',
    ],
    properties: {
      id: { type: 'integer' },
      at: { type: 'string', format: 'date-time' },
      type: {
        type: 'string',
        enum: [
          'asked',
          'reported',
          'refreshed',
          'failed',
          'forced',
          'rejected',
          'lease-lost',
        ],
        description:
          '`asked`: an operator wants it renewed. `reported`: a caller says that WeChat refused it, told once a minute for each caller and token. `rejected`: it is renewed for that reason. `forced`: WeChat is asked for another one at once.',
      },
      actor: {
        type: ['string', 'null'],
        description: 'The id of the API key, or the replica, that caused it.',
      },
      fingerprint: { type: ['string', 'null'], pattern: '^[0-9a-f]{8}$' },
      latencyMs: {
        type: ['integer', 'null'],
        description: 'What WeChat took to answer.',
      },
      detail: { type: ['string', 'null'] },
    },
  },
  EventPage: {
    type: 'object',
    additionalProperties: false,
    required: ['items', 'next'],
    properties: {
      items: {
        type: 'array',
        items: schema('TokenEvent'),
        description: 'Newest first.',
      },
      next: {
        type: ['integer', 'null'],
        description: '`before` of the next page; null on the last.',
      },
    },
  },
  RefreshRequest: {
    description: 'All of it may be left out, and so may the body.',
    type: 'object',
    additionalProperties: false,
    properties: {
      force: {
        type: 'boolean',
        default: false,
        description:
          'Ends the current token at once, for everybody; WeChat allows 20 a day, 30 s apart. Without it stable mode may give the same token back, and classic mode renews only what is due.',
      },
      expectedFingerprint: {
        type: 'string',
        pattern: '^[0-9a-f]{8}$',
        description:
          'Of the token that is meant: if another has taken its place, nothing is done, and the outcome is `superseded`.',
      },
      reason: {
        type: 'string',
        maxLength: 200,
        description: 'For the log and the events.',
      },
    },
  },
  RefreshOutcome: {
    type: 'object',
    additionalProperties: false,
    required: ['outcome', 'name', 'fingerprint', 'version', 'expiresIn'],
    properties: {
      outcome: {
        type: 'string',
        enum: ['refreshed', 'unchanged', 'superseded'],
        description:
          '`unchanged`: WeChat gave the same token back, or it was not due. `superseded`: it had been renewed already.',
      },
      name: { type: 'string' },
      fingerprint: {
        type: 'string',
        pattern: '^[0-9a-f]{8}$',
        description: 'Of the token that is valid now.',
      },
      version: { type: 'integer' },
      expiresIn: { type: 'integer', description: 'Seconds.' },
    },
  },
};
