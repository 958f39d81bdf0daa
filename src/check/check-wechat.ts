import type { AppSettings } from '../config/settings.js';
import { checkCredentials } from '../wechat-token/index.js';
import type { CheckLine } from './check-line.js';
import { messages } from './check.messages.js';

const MAX_ACCOUNTS = 100;

/** Asks the platforms for a token of each account in a call that ends none. */
export async function checkWechat({
  wechatToken: options,
}: AppSettings): Promise<CheckLine[]> {
  if (options.role === 'reader') {
    const detail = messages.reader();
    return [{ subject: 'WeChat', finding: 'left out', detail }];
  }
  const { platforms, accounts, leftOut } = await checkCredentials(
    options,
    MAX_ACCOUNTS,
  );
  const lines: CheckLine[] = [
    ...platforms.map(({ name, baseUrl, fault }) => ({
      subject: name,
      finding: fault ? ('fault' as const) : ('ok' as const),
      detail: fault?.message ?? messages.reachable(baseUrl),
    })),
    ...accounts.map(({ name, appId, fault: refusal }) => ({
      subject: `account ${name} (${appId})`,
      finding: refusal ? ('fault' as const) : ('ok' as const),
      detail: refusal?.message ?? messages.accepted(),
    })),
  ];
  if (leftOut > 0)
    lines.push({
      subject: 'accounts',
      finding: 'left out',
      detail: messages.accountsLeftOut(accounts.length, leftOut),
    });
  return lines;
}
