import { isConfigurationError } from '../common/errors.js';
import type { WechatTokenModuleOptions } from './options.js';
import { resolveOptions } from './options.schema.js';

const corp = { kind: 'wecom', corpId: 'ww_corp', secret: 'one-secret' };

function faultsOf(accounts: unknown[]): string[] {
  try {
    resolveOptions({ accounts } as unknown as WechatTokenModuleOptions);
    return [];
  } catch (error) {
    if (!isConfigurationError(error)) throw error;
    expect(error.message).not.toContain(corp.secret);
    return error.faults.map(({ field, problem }) => `${field}: ${problem}`);
  }
}

describe('accounts of WeCom in the options', () => {
  it('are applications, any number of one corporation', async () => {
    const { accounts } = resolveOptions({
      accounts: [
        {
          kind: 'wecom',
          corpId: 'ww_corp',
          agentId: 7,
          secret: 'a',
          tickets: ['corp', 'agent'],
        },
        { kind: 'wecom', name: 'staff', corpId: 'ww_corp', secret: 'b' },
      ],
    });
    expect(await accounts.find('default')).toMatchObject({
      appId: 'ww_corp/7',
      agentId: '7',
      appSecret: 'a',
    });
    expect(await accounts.find('staff')).toMatchObject({
      appId: 'ww_corp',
      appSecret: 'b',
    });
  });

  it.each([
    ['corpId', { corpId: '' }],
    ['agentId', { agentId: '-1' }],
    ['agentId', { tickets: ['agent'] }],
    ['secret', { secret: '' }],
    ['tickets', { tickets: 'corp' }],
    ['tickets[0]', { tickets: ['jsapi'] }],
  ])('a bad %s is named', (field, change) => {
    expect(faultsOf([{ ...corp, ...change }])).toEqual([
      expect.stringContaining(`accounts[0].${field}: `),
    ]);
  });

  it('have no fields of WeChat’s accounts', () => {
    const { secret: appSecret } = corp;
    const faults = faultsOf([{ kind: 'wecom', corpId: 'ww_corp', appSecret }]);
    expect(faults).toContainEqual(
      expect.stringContaining('accounts[0].secret: is missing'),
    );
    expect(faults).toContainEqual(expect.stringContaining('unknown field'));
  });

  it('an account of a kind that no source has is told which there are', () => {
    expect(
      faultsOf([{ kind: 'feishu', appId: 'cli_1', appSecret: 'a' }]),
    ).toEqual([
      expect.stringMatching(/^accounts\[0\]\.kind: must be .*"wecom"/),
    ]);
  });
});
