import type { Fault } from '../../src/testing/index.js';

const answer = (fields: object): Fault => ({ body: JSON.stringify(fields) });
const token = 'x'.repeat(200);

/** Whatever may come in place of a token, with what to call it. */
export const GARBAGE: readonly (readonly [what: string, fault: Fault])[] = [
  ['no body', { body: '' }],
  ['a page of HTML', { body: '<html><body>login</body></html>' }],
  ['null', { body: 'null' }],
  ['a list', { body: '[]' }],
  ['an empty object', { body: '{}' }],
  ['half of the answer', { truncate: true }],
  ['an answer without end', { endless: true }],
  ['an answer of 200 MB', { oversize: 200_000_000 }],
  ['HTTP 500', { status: 500 }],
  ['HTTP 502 of a gateway', { status: 502, body: '<h1>Bad Gateway</h1>' }],
  [
    'HTTP 500 with a token',
    {
      status: 500,
      body: JSON.stringify({ access_token: token, expires_in: 7200 }),
    },
  ],
  ['a reset', { reset: true }],
  ['a lost answer', { lostAnswer: true }],
  ['no answer', { hang: true }],
  ['a slow drip', { drip: {} }],
  ['an empty token', answer({ access_token: '', expires_in: 7200 })],
  ['no token', answer({ expires_in: 7200 })],
  [
    'a token that is no string',
    answer({ access_token: 4711, expires_in: 7200 }),
  ],
  [
    'a token with spaces',
    answer({ access_token: `${token} ${token}`, expires_in: 7200 }),
  ],
  [
    'a token that is too long',
    answer({ access_token: 'x'.repeat(8193), expires_in: 7200 }),
  ],
  ['no life', answer({ access_token: token })],
  ['a life of 0', answer({ access_token: token, expires_in: 0 })],
  ['a negative life', answer({ access_token: token, expires_in: -1 })],
  [
    'a life that is a string',
    answer({ access_token: token, expires_in: 'two hours' }),
  ],
  [
    'a life that is no integer',
    answer({ access_token: token, expires_in: 0.5 }),
  ],
  ['a huge life', answer({ access_token: token, expires_in: 1e12 })],
  [
    'an error beside a token',
    answer({ errcode: -1, access_token: token, expires_in: 7200 }),
  ],
];
