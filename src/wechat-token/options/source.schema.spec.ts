import { isConfigurationError } from '../common/errors.js';
import type { TokenSource } from '../sources/token-source.js';
import { resolveOptions } from './options.schema.js';

const good: TokenSource = {
  id: 'example',
  kind: 'access_token',
  accountKind: 'example',
  platform: { name: 'Example', baseUrl: 'https://api.example.com' },
  errcodes: new Map([[40001, { class: 'rejected' }]]),
  repeatedCall: 'same',
  canForce: false,
  mayCallInParallel: true,
  isEarlyCallHarmless: true,
  marginSeconds: 300,
  rejectionHealedBy: 'call',
  serves: ({ kind }) => kind === 'example',
  issue: () => Promise.resolve({ value: 'token', expiresIn: 7200 }),
};
const accounts = [{ kind: 'example', appId: 'app', appSecret: 'secret' }];

/** The faults of an app that has these sources, as `field: problem`. */
function faultsOf(sources: unknown, api?: { allowHttp: boolean }): string[] {
  try {
    resolveOptions({ accounts, sources: sources as TokenSource[], api });
    return [];
  } catch (error) {
    if (!isConfigurationError(error)) throw error;
    return error.faults.map(({ field, problem }) => `${field}: ${problem}`);
  }
}

const host = (platform: object) => ({
  platform: {
    name: 'Example',
    baseUrl: 'https://api.example.com',
    ...platform,
  },
});
const rotating = { repeatedCall: 'rotates' };
const notInParallel = { mayCallInParallel: false };

describe('a source', () => {
  it('is taken as it is, with the functions of its class', () => {
    const source = Object.create(good) as TokenSource;
    const { sources } = resolveOptions({
      accounts,
      sources: [source],
    });
    expect(sources[0]).toBe(source);
    expect(faultsOf([good])).toEqual([]);
    expect(
      faultsOf([
        {
          ...good,
          platform: {
            ...good.platform,
            refusal: { code: 'code', message: 'msg' },
          },
        },
      ]),
    ).toEqual([]);
  });

  it.each<[field: string, problem: RegExp, change: object]>([
    ['id', /1 to 32 letters/, { id: 'a b' }],
    ['id', /1 to 32 letters/, { id: undefined }],
    ['id', /not be the id of a source of this package/, { id: 'stable' }],
    ['id', /not be the id of a source of this package/, { id: 'wecom-x' }],
    ['kind', /lower-case letters/, { kind: 'accessToken' }],
    ['accountKind', /lower-case letters/, { accountKind: 'Own Kind' }],
    ['accountKind', /another kind than.*wecom/, { accountKind: 'wecom' }],
    [
      'accountKind',
      /another kind than.*mini-program/,
      { accountKind: 'mini-program' },
    ],
    [
      'platform',
      /must be an object with the fields name, baseUrl/,
      { platform: 'https://api.example.com' },
    ],
    ['platform.name', /must be a text/, host({ name: '' })],
    [
      'platform.baseUrl',
      /without a slash at the end/,
      host({ baseUrl: 'https://api.example.com/' }),
    ],
    [
      'platform.baseUrl',
      /without a user/,
      host({ baseUrl: 'https://me@example.com' }),
    ],
    [
      'platform.baseUrl',
      /begin with https/,
      host({ baseUrl: 'http://api.example.com' }),
    ],
    [
      'platform.fallbackUrls',
      /must be a list/,
      host({ fallbackUrls: 'https://b.example.com' }),
    ],
    [
      'platform.fallbackUrls[0]',
      /without a slash at the end/,
      host({ fallbackUrls: ['b.example.com'] }),
    ],
    [
      'platform.refusal.message',
      /must be a text/,
      host({ refusal: { code: 'code' } }),
    ],
    [
      'errcodes',
      /must be a Map/,
      { errcodes: { 40001: { class: 'rejected' } } },
    ],
    [
      'errcodes',
      /must be a Map from each code, a whole number/,
      { errcodes: new Map([['40001', { class: 'rejected' }]]) },
    ],
    [
      'errcodes',
      /reaction to 40001.*one of transient, rejected/,
      { errcodes: new Map([[40001, { class: 'token' }]]) },
    ],
    [
      'errcodes',
      /reaction to 40001.*more than 0 and at most 86,400/,
      { errcodes: new Map([[40001, { class: 'ip', waitSeconds: '1' }]]) },
    ],
    [
      'errcodes',
      /reaction to 40001.*more than 0 and at most 86,400/,
      { errcodes: new Map([[40001, { class: 'quota', waitSeconds: 90_000 }]]) },
    ],
    [
      'repeatedCall',
      /"same", "rotates" or "same, life counted anew"/,
      { repeatedCall: 'extends' },
    ],
    ['canForce', /true or false/, { canForce: 'no' }],
    ['mayCallInParallel', /true or false/, { mayCallInParallel: undefined }],
    ['isEarlyCallHarmless', /true or false/, { isEarlyCallHarmless: 1 }],
    ['marginSeconds', /an integer from 1 to/, { marginSeconds: 0 }],
    ['marginSeconds', /an integer from 1 to/, { marginSeconds: '300' }],
    [
      'rejectionHealedBy',
      /"call" or "forced call"/,
      { rejectionHealedBy: 'force' },
    ],
    ['limits', /must be a function/, { limits: [] }],
    ['serves', /must be a function/, { serves: true }],
    ['needs', /must be a function/, { needs: ['access_token'] }],
    ['issue', /must be a function/, { issue: undefined }],
    ['probe', /must be a function/, { probe: '/path' }],
    // Declarations that contradict each other.
    [
      'canForce',
      /must be true, since rejectionHealedBy/,
      { rejectionHealedBy: 'forced call' },
    ],
    [
      'mayCallInParallel',
      /must be false, since repeatedCall is "rotates"/,
      { ...rotating, isEarlyCallHarmless: false },
    ],
    [
      'isEarlyCallHarmless',
      /must be false, since repeatedCall is "rotates"/,
      { ...rotating, ...notInParallel },
    ],
  ])('with a bad %s is refused: %s', (field, problem, change) => {
    const [fault = '', ...others] = faultsOf([{ ...good, ...change }]);
    // An account of a kind that no source has is a fault of its own.
    expect(others.filter((other) => !other.startsWith('accounts'))).toEqual([]);
    expect(fault).toMatch(problem);
    expect(fault.split(': ')[0]).toBe(`sources[0].${field}`);
  });

  it.each([undefined, null, 'feishu', class Source {}, []])(
    'is no %s',
    (source) => {
      expect(faultsOf([source]).join('\n')).toMatch(
        /^sources\[0\]: must be an object with the fields id, kind, .*issue/m,
      );
    },
  );

  it('in plain JavaScript with nothing but an id has all its faults named at once', () => {
    const fields = faultsOf([{ id: 'example' }]).map((f) => f.split(': ')[0]);
    expect(fields.filter((field) => field?.startsWith('sources'))).toEqual(
      [
        'kind',
        'platform',
        'errcodes',
        'repeatedCall',
        'canForce',
        'mayCallInParallel',
        'isEarlyCallHarmless',
        'marginSeconds',
        'rejectionHealedBy',
        'serves',
        'issue',
      ].map((field) => `sources[0].${field}`),
    );
  });

  it('needs an id of its own', () => {
    const ticket = { ...good, kind: 'example_ticket' };
    expect(faultsOf([good, ticket])).toEqual([
      expect.stringMatching(
        /^sources\[1\]\.id: "example" is the id of another source/,
      ),
    ]);
    expect(faultsOf([good, { ...ticket, id: 'example-ticket' }])).toEqual([]);
  });

  it('may be called without TLS on loopback, or where the app allows it', () => {
    const local = host({ baseUrl: 'http://127.0.0.1:8080' });
    const plain = host({ fallbackUrls: ['http://b.example.com'] });
    expect(faultsOf([{ ...good, ...local }])).toEqual([]);
    expect(faultsOf([{ ...good, ...plain }])).toEqual([
      expect.stringMatching(
        /^sources\[0\]\.platform\.fallbackUrls\[0\]: must begin with https/,
      ),
    ]);
    expect(faultsOf([{ ...good, ...plain }], { allowHttp: true })).toEqual([]);
  });

  it('is one of a list', () => {
    expect(faultsOf(good)).toContainEqual('sources: must be a list');
  });
});
