import { adviceFor } from '../sources/advice.js';
import type { Reaction } from '../sources/errcodes.js';
import type { Platform } from '../sources/platform.js';

/** A proxy without its credentials, and the setting that names it. */
interface Proxy {
  readonly address: string;
  readonly setting: string;
}

/** A refusal by a platform. */
export interface Refused {
  readonly errcode: number;
  /** Redacted. */
  readonly errmsg: string;
  readonly reaction: Reaction;
  readonly platform: Platform;
}

const sets = ({ address, setting }: Proxy) =>
  `the proxy ${address}, which ${setting} sets`;
/** R15: a query may hold anything. */
const bare = (path: string) => path.replace(/[?#].*/s, '');
const baseUrlOf = ({ setting = "the source's baseUrl" }: Platform) => setting;

/** The sentences of this room. */
export const upstreamMessages = {
  httpClientNotLoaded: (reason: string) =>
    `No platform was called: axios could not be loaded (${reason}). Install @nestjs/axios and axios; under Jest @nestjs/axios@4, since 12 has ES modules only.`,
  unreachable: (
    path: string,
    host: string,
    code: string,
    platform: Platform,
    proxy?: Proxy,
  ) =>
    proxy
      ? `no response from ${host} to ${bare(path)} by way of the proxy ${proxy.address} (${code}). Check that this proxy runs and allows ${host}, or correct ${proxy.setting}.`
      : `no response from ${host} to ${bare(path)} (${code}). Check the network and ${baseUrlOf(platform)}.`,
  certificateRefused: (
    host: string,
    code: string,
    { name }: Platform,
    proxy?: Proxy,
  ) =>
    `the TLS certificate of ${host} was refused (${code}), so nothing was sent. Check this machine's clock and its CA certificates (for a CA of your own, NODE_EXTRA_CA_CERTS), and ${proxy ? sets(proxy) : `what answers in place of ${name}`}.`,
  badPath: ({ name }: Platform) =>
    `The call was refused before it was sent: its path must be an absolute path of ${name}'s host, such as "/cgi-bin/user/get", without white space, backslash or fragment, and the access_token is added by this client.`,
  garbage: (path: string, what: string, platform: Platform, proxy?: Proxy) =>
    `the response to ${bare(path)} is not ${platform.name}'s (${what}). Check ${baseUrlOf(platform)} and ${proxy ? sets(proxy) : 'any proxies in between'}.`,
  answerTooLarge: (path: string, maxBytes: number) =>
    `the response to ${bare(path)} has more than ${maxBytes} bytes and was not read. Ask for less at a time, or raise \`maxBytes\`.`,
  callAborted: (path: string) =>
    `The call to ${bare(path)} was aborted by the caller.`,
  notAToken: (field: string, platform: Platform) =>
    `the response contains neither an error nor a usable ${field}, so nothing was stored. Check ${baseUrlOf(platform)} and any proxies in between.`,
  issueRefused: ({ errcode, errmsg, reaction, platform }: Refused) =>
    `${platform.name} answered ${errcode} ${JSON.stringify(errmsg)}. ${adviceFor(reaction, platform.name)}`,
  apiRefused: (
    { name }: Platform,
    path: string,
    errcode: number,
    errmsg: string,
  ) =>
    `${name} answered ${bare(path)} with ${errcode} ${JSON.stringify(errmsg)}.`,
  sourceFailed: (id: string, thrown: string) =>
    `The token source "${id}" threw ${thrown}. Its message may hold a secret and is not shown: find the fault in the source.`,
  sourceTimedOut: (id: string, ms: number) =>
    `The token source "${id}" gave no answer within ${ms / 1000} s. Call by \`call\`, which has a time limit, or set one.`,
  badLimit: (source: string) =>
    `The source "${source}" has a limit that cannot be kept: perHour must be 1 to 1000, countedAs at most 150 characters.`,
  limitSpent: (source: string, perHour: number, seconds: number) =>
    `${perHour} calls of the source "${source}" were made within an hour, the limit of the platform. The next one is possible in ${seconds} s.`,
} as const;
