import type { AppSettings } from '../config/settings.js';
import { checkCredentials } from '../wechat-token/index.js';
import type { CheckLine } from './check-line.js';
import { messages } from './check.messages.js';

const MAX_ACCOUNTS = 100;
const DEFAULT_HOST = 'https://api.weixin.qq.com';

/** Asks WeChat for a token of each account in normal mode, which ends none. */
export async function checkWechat({
  wechatToken: options,
}: AppSettings): Promise<CheckLine[]> {
  const subject = 'WeChat';
  if (options.role === 'reader')
    return [{ subject, finding: 'left out', detail: messages.reader() }];
  const { fault, accounts, leftOut } = await checkCredentials(
    options,
    MAX_ACCOUNTS,
  );
  if (fault) return [{ subject, finding: 'fault', detail: fault.message }];
  const host = options.api?.baseUrl ?? DEFAULT_HOST;
  const lines: CheckLine[] = [
    { subject, finding: 'ok', detail: messages.reachable(host) },
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
