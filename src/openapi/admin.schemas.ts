import { schema } from './parts.js';
import type { Schemas } from './openapi.types.js';

const instant = { type: ['string', 'null'], format: 'date-time' };

export const adminSchemas: Schemas = {
  Token: {
    description:
      'A token without its value. Instants are in UTC, by the clock of the database.',
    type: 'object',
    additionalProperties: false,
    required: [
      'name',
      'account',
      'appId',
      'agentId',
      'kind',
      'platform',
      'source',
      'canForce',
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
          '`access_token` for the default account, `access_token:shop` for the account `shop`; `jsapi_ticket:shop` is a ticket of that account.',
      },
      account: { type: 'string' },
      appId: {
        type: 'string',
        description: 'The appid; of an application of WeCom its corpid.',
      },
      agentId: {
        type: ['string', 'null'],
        description: 'Of an application of WeCom, where it is known.',
      },
      kind: {
        type: 'string',
        description:
          "The kind of the account: `official-account`, `mini-program`, `mini-game`, `website`, `mobile-app`, `wecom`, or that of one of the app's own sources.",
      },
      platform: {
        type: 'string',
        description:
          "Who issues the token: `WeChat`, `WeCom`, or the platform of one of the app's own sources.",
      },
      source: {
        type: ['string', 'null'],
        description:
          "What issued the token: `stable` or `classic`, `jsapi` or `wx_card`; of WeCom `wecom`, `wecom-corp` or `wecom-agent`; or one of the app's own sources.",
      },
      canForce: {
        type: 'boolean',
        description:
          'Whether a renewal may be forced: the platform has a call that ends the current token.',
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
          '`valid`: served, not yet due. `due`: served, will be renewed in the background. `refreshing`: a replica holds the lease to renew it. `cooling-down`: served, but not renewed before `nextAttemptAt`. `expired`: not served until it is renewed. `missing`: no readable value is stored.',
      },
      fingerprint: {
        type: ['string', 'null'],
        pattern: '^[0-9a-f]{8}$',
        description: "The first 8 hexadecimal digits of the value's SHA-256.",
      },
      masked: { type: ['string', 'null'] },
      issuedAt: instant,
      refreshAt: {
        ...instant,
        description: 'When background renewal begins.',
      },
      expiresAt: instant,
      expiresIn: {
        type: ['integer', 'null'],
        minimum: 0,
        description: 'Seconds until the token expires; 0 if it is expired.',
      },
      version: {
        type: 'integer',
        minimum: 0,
        description: 'Increases with every change of the row.',
      },
      lease: {
        description:
          'The lease of the replica that is renewing the token; null if none is.',
        oneOf: [schema('Lease'), { type: 'null' }],
      },
      lastError: {
        description: 'The error of the last renewal; null if it succeeded.',
        oneOf: [schema('RefreshError'), { type: 'null' }],
      },
      failureCount: {
        type: 'integer',
        minimum: 0,
        description: 'Consecutive failed renewals.',
      },
      nextAttemptAt: instant,
      forcedToday: {
        type: 'integer',
        minimum: 0,
        description:
          'Forced renewals since midnight, China time; 20 a day are allowed.',
      },
    },
  },
  Lease: {
    type: 'object',
    additionalProperties: false,
    required: ['owner', 'until'],
    properties: {
      owner: { type: 'string', description: 'The id of the replica.' },
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
          '`transient`, `certificate`, `credentials`, `ip`, `quota`, `account`, `rejected`, or `sealed` for a stored value that cannot be decrypted.',
      },
      errcode: {
        type: ['integer', 'null'],
        description:
          "The platform's error code; null if there was no usable response.",
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
        description:
          'Value of `after` for the next page; null on the last page.',
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
          'unconfirmed',
          'refreshed',
          'failed',
          'forced',
          'rejected',
          'lease-lost',
          'restored',
        ],
        description:
          '`asked`: an operator requested a renewal; recorded once a minute for each caller and reason. `reported`: a caller reported that the platform rejected the token; recorded once a minute for each caller and value. `unconfirmed`: the platform accepts a token that a caller reported; recorded once in 10 s for each caller. `rejected`: the token is being renewed because the platform rejected it. `refreshed`: the token was renewed. `failed`: a renewal failed. `forced`: a forced renewal was requested, which ends the current token. `lease-lost`: a replica lost its lease during a call to the platform. `restored`: the row was deleted, emptied or replaced by an older one, and a replica has written the token again from memory.',
      },
      actor: {
        type: ['string', 'null'],
        description:
          'The id of the API key or of the replica that caused the event.',
      },
      fingerprint: { type: ['string', 'null'], pattern: '^[0-9a-f]{8}$' },
      latencyMs: {
        type: ['integer', 'null'],
        description: 'Response time of the platform, milliseconds.',
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
        description:
          'Value of `before` for the next page; null on the last page.',
      },
    },
  },
  RefreshRequest: {
    description: 'Every field is optional, and so is the body.',
    type: 'object',
    additionalProperties: false,
    properties: {
      force: {
        type: 'boolean',
        default: false,
        description:
          'Ends the current token at once for all clients; refused where `canForce` is false. WeChat allows 20 forced renewals a day, at least 30 s apart. Without `force`, stable mode may return the same token, and classic mode renews only a token that is due.',
      },
      expectedFingerprint: {
        type: 'string',
        pattern: '^[0-9a-f]{8}$',
        description:
          'Fingerprint of the token to replace. If the current token has another fingerprint, it is not renewed and the outcome is `superseded`.',
      },
      reason: {
        type: 'string',
        maxLength: 200,
        description: 'Recorded in the log and in the event.',
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
          '`refreshed`: the token was renewed. `unchanged`: the platform returned the same token, or the token was not due. `superseded`: the token had been renewed already.',
      },
      name: { type: 'string' },
      fingerprint: {
        type: 'string',
        pattern: '^[0-9a-f]{8}$',
        description: 'Fingerprint of the current token.',
      },
      version: { type: 'integer' },
      expiresIn: {
        type: 'integer',
        description: 'Seconds until the token expires.',
      },
    },
  },
};
