import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { useBrowser } from '../support/browser.js';
import { listShown, rowOf } from '../support/console-page.js';
import { PLATFORMS } from '../support/http.js';
import { World } from '../support/world.js';

const NAME = 'access_token';
const CONSOLE = '/admin/wechat-tokens/console';
const COOKIE = 'session=of-an-operator';

/** As a larger app has it: whoever has signed in there. */
class SessionGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<IncomingMessage>();
    return headers.cookie === COOKIE;
  }
}

describe.each(PLATFORMS)(
  'the console in an app with guards of its own, on %s',
  (_platform, adapter) => {
    const browser = useBrowser();

    it('asks for no key: it shows what the app’s session may see, and says so where that is nothing', async () => {
      await using world = await World.create();
      const app = await world.httpReplica(adapter(), {
        http: { guards: [new SessionGuard()] },
      });
      await app.tokens.getAccessToken();
      const { page } = await browser.open(app.url + CONSOLE);
      await page.getByText('You are not allowed to do this.').first().waitFor();
      expect(await page.getByLabel('API key').count()).toBe(0);

      const [name = '', value = ''] = COOKIE.split('=');
      await page.context().addCookies([{ name, value, url: app.url }]);
      await page.reload();
      await listShown(page);
      await rowOf(page, NAME).waitFor();
      expect(await page.getByLabel('API key').count()).toBe(0);
      expect(await page.getByRole('button', { name: 'Sign out' }).count()).toBe(
        0,
      );
    });
  },
);
