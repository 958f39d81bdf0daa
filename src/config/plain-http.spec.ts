import { ACCOUNT, refuse } from '../../test/support/refused-settings.js';
import { loadSettings } from './settings.js';

const BASE = 'WECHAT_API_BASE_URL';
const FALLBACKS = 'WECHAT_API_FALLBACK_URLS';
const WECOM = 'WECOM_API_BASE_URL';
const PLAIN = /^must begin with https:\/\//;
const SCHEME = /^must have the scheme of api.baseUrl/;

describe('R15 plain HTTP to WeChat', () => {
  it.each([
    [{ [BASE]: 'http://wechat.example' }, BASE, PLAIN],
    [{ [BASE]: 'HTTP://10.0.0.5:8080/x' }, BASE, PLAIN],
    [{ [BASE]: 'http://127.0.0.1.example' }, BASE, PLAIN],
    [{ [BASE]: 'http://localhost.example' }, BASE, PLAIN],
    [{ [BASE]: 'http://[::2]' }, BASE, PLAIN],
    [{ [BASE]: 'http://0.0.0.0' }, BASE, PLAIN],
    [
      { [BASE]: 'http://wechat.example', WECHAT_ALLOW_HTTP: 'false' },
      BASE,
      PLAIN,
    ],
    [
      { [BASE]: 'http://127.0.0.1', [FALLBACKS]: 'http://a.example' },
      `${FALLBACKS}[0]`,
      PLAIN,
    ],
    [{ [WECOM]: 'http://wecom.example' }, WECOM, PLAIN],
    [
      { [FALLBACKS]: 'https://a.example,http://127.0.0.1' },
      `${FALLBACKS}[1]`,
      SCHEME,
    ],
    [
      { [BASE]: 'http://127.0.0.1', [FALLBACKS]: 'https://a.example' },
      `${FALLBACKS}[0]`,
      SCHEME,
    ],
    [
      { WECHAT_ALLOW_HTTP: 'yes' },
      'WECHAT_ALLOW_HTTP',
      /^must be true or false$/,
    ],
  ])('%j is refused', (settings, field, problem) => {
    expect(refuse({ ...ACCOUNT, ...settings }).faults).toEqual([
      { field, problem: expect.stringMatching(problem) },
    ]);
  });

  it.each([
    { [BASE]: 'http://localhost:1' },
    { [BASE]: 'HTTP://wechat.LOCALHOST' },
    { [BASE]: 'http://127.0.0.2' },
    { [BASE]: 'http://[::1]:1', [FALLBACKS]: 'http://127.1' },
    { [BASE]: 'http://wechat.example', WECHAT_ALLOW_HTTP: 'true' },
    { [WECOM]: 'http://wecom.example', WECHAT_ALLOW_HTTP: 'true' },
    { [BASE]: 'https://a.example', [FALLBACKS]: 'https://b.example' },
  ])('%j is accepted', (settings) => {
    expect(() => loadSettings({ ...ACCOUNT, ...settings })).not.toThrow();
  });

  it('and TLS without certificates is refused', () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    const { faults } = refuse({ ...ACCOUNT });
    vi.unstubAllEnvs();
    expect(faults).toEqual([
      {
        field: 'NODE_TLS_REJECT_UNAUTHORIZED',
        problem: expect.stringMatching(/^is 0, so that no TLS certificate/),
      },
    ]);
  });
});
