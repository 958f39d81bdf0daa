import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Account } from '../accounts/account.js';
import { Accounts } from '../accounts/accounts.js';
import { Clock, MonotonicClock } from '../common/clock.js';
import { inParallel } from '../common/in-parallel.js';
import { Observers } from '../common/observers.js';
import { WechatTokenSettings } from '../common/settings.js';
import type { WechatTokenModuleOptions } from '../options/options.js';
import { resolveOptions } from '../options/options.schema.js';
import { CallObserver } from './call-observer.js';
import { type FailureClass, UpstreamError } from './failure.js';
import { HttpClient } from './http-client.js';
import { StableTokenSource } from './stable-token.source.js';
import { WechatGateway } from './wechat-gateway.js';

/** Accounts that are asked for at the same time. */
const CONCURRENCY = 4;

/** Why WeChat does not answer, or refuses an account. */
export interface CheckedFault {
  readonly class: FailureClass;
  /** What WeChat answered, if it did, and what to do. No secret. */
  readonly message: string;
}

export interface CheckedAccount {
  readonly name: string;
  readonly appId: string;
  /** Undefined for credentials that WeChat accepts from this machine's address. */
  readonly fault?: CheckedFault;
}

export interface CheckedWechat {
  /** Undefined when WeChat answers. */
  readonly fault?: CheckedFault;
  /** In their order. None when WeChat does not answer, and with the role `reader`, which never calls WeChat. */
  readonly accounts: readonly CheckedAccount[];
  /** Accounts beyond the limit, which were not asked for. */
  readonly leftOut: number;
}

@Module({})
class CredentialCheckModule {}

/**
 * Asks WeChat whether it can be reached, and for a token of each account in normal mode, which ends no token: also for accounts in
 * classic mode, whose tokens and the stable ones are isolated from each other. One call an account, none of them a classic one or a
 * forced one; nothing is stored.
 * @param limit The accounts that are asked for, at most.
 * @throws ConfigurationError as `WechatTokenModule.forRoot()` does at start; AccountSourceError
 */
export async function checkCredentials(
  options: WechatTokenModuleOptions,
  limit: number,
): Promise<CheckedWechat> {
  const { settings, accounts: source } = resolveOptions(options);
  if (settings.role === 'reader') return { accounts: [], leftOut: 0 };
  const asked: Account[] = [];
  let leftOut = 0;
  for await (const account of new Accounts(source).list())
    if (asked.length < limit) asked.push(account);
    else leftOut++;
  const context = await NestFactory.createApplicationContext(
    {
      module: CredentialCheckModule,
      providers: [
        HttpClient,
        WechatGateway,
        StableTokenSource,
        CallObserver,
        { provide: Clock, useClass: MonotonicClock },
        // Nobody is told of these calls.
        { provide: Observers, useValue: new Observers() },
        { provide: WechatTokenSettings, useValue: settings },
      ],
    },
    // No logger: it would be that of the whole process.
    { abortOnError: false },
  );
  try {
    const fault = await faultOf(reach(context.get(WechatGateway)));
    if (fault) return { fault, accounts: [], leftOut: 0 };
    const accounts = await askAll(asked, context.get(StableTokenSource));
    return { accounts, leftOut };
  } finally {
    await context.close();
  }
}

/** Any answer of WeChat's will do, such as that the token is missing. */
function reach(gateway: WechatGateway): Promise<unknown> {
  const path = '/cgi-bin/get_api_domain_ip';
  return gateway.call({ method: 'GET', path, repeatable: 'any host' });
}

async function askAll(
  accounts: readonly Account[],
  source: StableTokenSource,
): Promise<CheckedAccount[]> {
  const checked: CheckedAccount[] = [];
  await inParallel(
    accounts.entries(),
    CONCURRENCY,
    async ([place, account]) => {
      const request = { account, inputs: new Map(), force: false };
      const fault = await faultOf(source.issue(request));
      const { name, appId } = account;
      checked[place] = { name, appId, ...(fault && { fault }) };
    },
  );
  return checked;
}

async function faultOf(
  call: Promise<unknown>,
): Promise<CheckedFault | undefined> {
  try {
    await call;
    return undefined;
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    return { class: error.class, message: error.message };
  }
}
