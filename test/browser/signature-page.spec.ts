import {
  Body,
  Controller,
  Get,
  Header,
  Param,
  Post,
  Query,
} from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  DEFAULT_FAKE_ACCOUNT,
  DEFAULT_FAKE_WECOM_ACCOUNT,
  FakeWechat,
  type TicketType,
} from '../../src/testing/index.js';
import { JsapiSignatureService } from '../../src/wechat-token/access/jsapi-signature.service.js';
import { useBrowser } from '../support/browser.js';
import { signaturesOf } from '../support/signatures.js';
import { World } from '../support/world.js';

const { corpId, agentId, secret } = DEFAULT_FAKE_WECOM_ACCOUNT;

/** What a page's script asks for, with the address that it believes to be its own. */
@Controller('signatures')
class Signatures {
  constructor(private readonly pages: JsapiSignatureService) {}

  @Get('config')
  config(@Query('url') url: string, @Query('account') account?: string) {
    return this.pages.sign(url, account);
  }

  @Get('agent-config')
  agentConfig(@Query('url') url: string, @Query('account') account?: string) {
    return this.pages.signAgentConfig(url, account);
  }
}

/** As the app of WeChat or WeCom sees it: the address is the one that the page has, not the one that was signed. */
interface Check {
  readonly type: Exclude<TicketType, 'wx_card'>;
  readonly url: string;
  readonly fields: {
    readonly appId?: string;
    readonly corpid?: string;
    readonly agentid?: string;
    readonly timestamp: number;
    readonly nonceStr: string;
    readonly signature: string;
  };
}

/** Stands for jweixin.js: asks the platform, and shows what `wx.ready` or `wx.error` would get. */
const SDK = `
  const check = async (name, type, { jsApiList, ...fields }) => {
    const url = location.href.split('#')[0];
    const body = JSON.stringify({ type, url, fields });
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch('/platform/check', { method: 'POST', headers, body });
    const line = document.createElement('output');
    line.textContent = name + ': ' + (await answer.text());
    document.body.append(line);
  };
  globalThis.wx = {
    config: (fields) => check('config', fields.appId === '${corpId}' ? 'corp' : 'jsapi', fields),
    agentConfig: (fields) => check('agentConfig', 'agent', fields),
  };
`;

/** A page whose script signs the address that the expression gives. */
const page = (script: string) => `<!doctype html>
  <html><head><link rel="icon" href="data:,"><script>${SDK}</script></head><body><script type="module">
    const signed = async (what, url, account = 'default') => {
      const query = new URLSearchParams({ url, account });
      const answer = await fetch('/signatures/' + what + '?' + query);
      return { ...(await answer.json()), jsApiList: ['chooseImage'] };
    };
    ${script}
  </script></body></html>`;

const PAGES = {
  own: `wx.config(await signed('config', location.href));`,
  // The commonest mistake: the query is forgotten.
  other: `wx.config(await signed('config', location.origin + location.pathname));`,
  office: `
    wx.config(await signed('config', location.href, 'office'));
    wx.agentConfig(await signed('agent-config', location.href, 'office'));`,
  // The ticket of the corp signs no agentConfig.
  mixed: `
    const { appId, ...fields } = await signed('config', location.href, 'office');
    wx.agentConfig({ corpid: appId, agentid: '${agentId}', ...fields });`,
} as const;

@Controller()
class Site {
  constructor(private readonly wechat: FakeWechat) {}

  @Get('pages/:name')
  @Header('content-type', 'text/html')
  page(@Param('name') name: keyof typeof PAGES) {
    return page(PAGES[name]);
  }

  @Post('platform/check')
  check(@Body() { type, url, fields }: Check): string {
    const { appId, corpid = appId, agentid = agentId } = fields;
    const owner = type === 'jsapi' ? (appId ?? '') : `${corpid}/${agentid}`;
    return this.wechat.acceptsJsapiSignature(owner, type, { url, ...fields })
      ? 'ok'
      : 'invalid signature';
  }
}

describe('a page that uses the JS-SDK', () => {
  const browser = useBrowser();
  let world: World;
  let site: string;
  let close: () => Promise<void>;
  beforeAll(async () => {
    const wecom = DEFAULT_FAKE_WECOM_ACCOUNT;
    world = await World.create({
      wechat: { accounts: [DEFAULT_FAKE_ACCOUNT, wecom] },
    });
    const { module } = await world.replica({
      accounts: [
        { ...DEFAULT_FAKE_ACCOUNT, tickets: ['jsapi'] },
        {
          name: 'office',
          kind: 'wecom',
          corpId,
          agentId,
          secret,
          tickets: ['corp', 'agent'],
        },
      ],
    });
    const own = await Test.createTestingModule({
      controllers: [Signatures, Site],
      providers: [
        {
          provide: JsapiSignatureService,
          useValue: signaturesOf(module).pages,
        },
        { provide: FakeWechat, useValue: world.wechat },
      ],
    }).compile();
    const app = own.createNestApplication();
    await app.listen(0, '127.0.0.1');
    site = await app.getUrl();
    close = () => app.close();
  });
  afterAll(async () => {
    await close();
    await world[Symbol.asyncDispose]();
  });

  /** What the page shows, as soon as it shows so many lines. */
  async function shown(path: string, lines = 1): Promise<string[]> {
    const { page: tab } = await browser.open(`${site}/pages/${path}`);
    const outputs = tab.locator('output');
    await expect.poll(() => outputs.count()).toBe(lines);
    return (await outputs.allTextContents()).toSorted();
  }

  it('may, with a query, percent-encoding and a fragment in its address', async () => {
    for (const address of [
      'own',
      'own?order=1&from=singlemessage&isappinstalled=0',
      'own?q=%E4%BD%A0+a%20b&r=%2f#/route?x=1#y',
      'own?q=你好 "a"#片段',
    ])
      expect(await shown(address), address).toEqual(['config: ok']);
  });

  it('may not, when another address was signed', async () => {
    expect(await shown('other')).toEqual(['config: ok']);
    expect(await shown('other?order=1')).toEqual(['config: invalid signature']);
  });

  it('may in WeCom, as the corp and as the application', async () => {
    expect(await shown('office?code=x&state=#top', 2)).toEqual([
      'agentConfig: ok',
      'config: ok',
    ]);
    expect(await shown('mixed?code=x')).toEqual([
      'agentConfig: invalid signature',
    ]);
  });
});
