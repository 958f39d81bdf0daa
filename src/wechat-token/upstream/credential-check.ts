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
import { ownKindsOf } from '../options/source.schema.js';
import type { Platform } from '../sources/platform.js';
import type { InputTokens, TokenSource } from '../sources/token-source.js';
import { bounded } from './bounded-source.js';
import { builtInSources } from './built-in/built-in-sources.js';
import { CallObserver } from './call-observer.js';
import { type FailureClass, UpstreamError } from './failure.js';
import { HttpClient } from './http-client.js';
import { Issuer } from './issuer.js';
import { PlatformGateway } from './gateway.js';

/** Accounts that are asked for at the same time. */
const CONCURRENCY = 4;

/** Why a platform does not answer, or refuses an account. */
export interface CheckedFault {
  readonly class: FailureClass;
  /** What it answered, if it did, and what to do. No secret. */
  readonly message: string;
}

export interface CheckedAccount {
  readonly name: string;
  readonly appId: string;
  /** Undefined for credentials that the platform accepts from this machine's address. */
  readonly fault?: CheckedFault;
}

/** WeChat or WeCom, where some of the accounts are its. */
export interface CheckedPlatform {
  readonly name: string;
  readonly baseUrl: string;
  /** Undefined when it answers. Otherwise none of its accounts is asked for. */
  readonly fault?: CheckedFault;
}

export interface CheckedWechat {
  /** None with the role `reader`, which calls no platform. */
  readonly platforms: readonly CheckedPlatform[];
  /** In their order. */
  readonly accounts: readonly CheckedAccount[];
  /** Accounts beyond the limit, which were not asked for. */
  readonly leftOut: number;
}

interface Asked {
  readonly account: Account;
  readonly source: TokenSource;
}

@Module({})
class CredentialCheckModule {}

/**
 * Asks each platform whether it can be reached, and for a token of each account in a call that ends no token: for accounts of WeChat
 * in normal mode, also for those in classic mode, whose tokens and the stable ones are isolated from each other. One call an account;
 * nothing is stored. An account of a source of the app's own that has no harmless call is not asked for.
 * @param limit The accounts that are asked for, at most.
 * @throws ConfigurationError as `WechatTokenModule.forRoot()` does at start; AccountSourceError
 */
export async function checkCredentials(
  options: WechatTokenModuleOptions,
  limit: number,
): Promise<CheckedWechat> {
  const { settings, accounts: source, sources: own } = resolveOptions(options);
  if (settings.role === 'reader')
    return { platforms: [], accounts: [], leftOut: 0 };
  const clock = new MonotonicClock();
  const ours = builtInSources(settings);
  const others = own.map((one) =>
    bounded(one, clock, settings.refresh.leaseMs),
  );
  const harmless = [...ours, ...others].filter(
    ({ isEarlyCallHarmless }) => isEarlyCallHarmless,
  );
  const sourceOf = (account: Account) =>
    account.isOfWechat
      ? harmless[0]
      : harmless.find((one) => !one.needs && one.serves(account));
  const asked: Asked[] = [];
  let leftOut = 0;
  const accounts = new Accounts(source, settings.role, ownKindsOf(own));
  for await (const account of accounts.list()) {
    const found = sourceOf(account);
    if (!found) continue;
    if (asked.length < limit) asked.push({ account, source: found });
    else leftOut++;
  }
  const context = await NestFactory.createApplicationContext(
    {
      module: CredentialCheckModule,
      providers: [
        HttpClient,
        PlatformGateway,
        Issuer,
        CallObserver,
        { provide: Clock, useValue: clock },
        // Nobody is told of these calls.
        { provide: Observers, useValue: new Observers() },
        { provide: WechatTokenSettings, useValue: settings },
      ],
    },
    // No logger: it would be that of the whole process.
    { abortOnError: false },
  );
  try {
    const gateway = context.get(PlatformGateway);
    const platforms: CheckedPlatform[] = [];
    const known = asked.filter(({ source }) => ours.includes(source));
    for (const platform of platformsOf(known))
      platforms.push(await checkedPlatform(gateway, platform));
    const away = new Set(
      platforms.filter(({ fault }) => fault).map(({ baseUrl }) => baseUrl),
    );
    const reached = asked.filter(
      ({ source }) => !away.has(source.platform.baseUrl),
    );
    const checked = await askAll(reached, context.get(Issuer));
    return { platforms, accounts: checked, leftOut };
  } finally {
    await context.close();
  }
}

function platformsOf(asked: readonly Asked[]): Iterable<Platform> {
  const byUrl = asked.map(
    ({ source: { platform } }) =>
      [`${platform.name} ${platform.baseUrl}`, platform] as const,
  );
  return new Map(byUrl).values();
}

/** Any answer will do, such as that the token is missing. */
async function checkedPlatform(
  gateway: PlatformGateway,
  platform: Platform,
): Promise<CheckedPlatform> {
  const path = '/cgi-bin/get_api_domain_ip';
  const call = { method: 'GET', path, repeatable: 'any host' } as const;
  const fault = await faultOf(gateway.call({ ...call, platform }));
  const { name, baseUrl } = platform;
  return { name, baseUrl, ...(fault && { fault }) };
}

/** The tokens that are asked for here are made from no others. */
const NO_TOKENS: InputTokens = {
  get: () => Promise.reject(new Error('no tokens')),
  replace: () => Promise.reject(new Error('no tokens')),
};

async function askAll(
  asked: readonly Asked[],
  issuer: Issuer,
): Promise<CheckedAccount[]> {
  const checked: CheckedAccount[] = [];
  await inParallel(
    asked.entries(),
    CONCURRENCY,
    async ([place, { account, source }]) => {
      const request = { account, tokens: NO_TOKENS, force: false };
      const fault = await faultOf(issuer.issue(source, request));
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
