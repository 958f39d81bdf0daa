import { Injectable } from '@nestjs/common';
import type { Account } from '../accounts/account.js';
import { kindOf } from '../common/error-reason.js';
import { WechatTokenSettings } from '../common/settings.js';
import { type TokenKind, tokenName } from '../common/token-name.js';
import { isRejection, UpstreamError } from './failure.js';
import { PlatformGateway } from './gateway.js';
import { type IssuedToken, toIssued } from './issued-token.js';
import { errcodeOf, errmsgOf } from './platform-answer.js';
import { refusal } from './refusal.js';
import type {
  Call,
  InputTokens,
  PlatformCall,
  TokenSource,
} from '../sources/token-source.js';
import { upstreamMessages } from './upstream.messages.js';

/** What is asked of a source. */
export interface Issue {
  readonly account: Account;
  readonly force: boolean;
  readonly tokens: InputTokens;
}

/** What the platform says of a token in a harmless call; `unproven`: nothing, such as that this machine's IP address is refused. */
export type ProbeAnswer = 'accepted' | 'refused' | 'unproven';

/** Calls the platforms for the sources, and believes no source unseen: what it issues is validated, and its errors are classed. */
@Injectable()
export class Issuer {
  constructor(
    private readonly gateway: PlatformGateway,
    private readonly settings: WechatTokenSettings,
  ) {}

  /** Resolves when a call can be sent at once. */
  ready(): Promise<void> {
    return this.gateway.ready();
  }

  /** The time limit of one call, milliseconds. */
  get timeoutMs(): number {
    return this.settings.api.timeoutMs;
  }

  /** @throws UpstreamError when the platform issues no token; what the tokens throw that it is made from. */
  async issue(
    source: TokenSource,
    { account, force, tokens }: Issue,
  ): Promise<IssuedToken> {
    const secrets = [account.appSecret];
    const call = this.callOf(source, secrets);
    const seen = (value: string) => {
      secrets.push(value);
      return value;
    };
    const ofInputs = new Set<unknown>();
    const noted = (error: unknown): never => {
      ofInputs.add(error);
      throw error;
    };
    const inputs: InputTokens = {
      get: (name) => tokens.get(name).then(seen, noted),
      replace: (name, rejected) =>
        tokens.replace(name, rejected).then(seen, noted),
    };
    const callWith = (
      kind: TokenKind,
      callFor: (token: string) => PlatformCall,
    ) => callWithToken(call, inputs, tokenName(kind, account.name), callFor);
    const request = { account, force, tokens: inputs, call, callWith };
    const issuing = async () =>
      toIssued(await source.issue(request), source.platform);
    return guarded(source, issuing, (error) => ofInputs.has(error));
  }

  /** Never rejects because of what the platform answers. A source without a probe proves nothing. */
  async probe(
    source: TokenSource,
    account: Account,
    value: string,
  ): Promise<ProbeAnswer> {
    const call = this.callOf(source, [account.appSecret, value]);
    try {
      const isAccepted = await guarded(
        source,
        async () => (await source.probe?.({ account, value, call })) === true,
      );
      return isAccepted ? 'accepted' : 'unproven';
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      return isRejection(error) ? 'refused' : 'unproven';
    }
  }

  private callOf(source: TokenSource, secrets: readonly string[]): Call {
    const { platform } = source;
    return async ({ errcodes = source.errcodes, ...request }) => {
      // R15: errors name the path.
      if (request.path.includes('?')) {
        const message = upstreamMessages.badPath(platform);
        throw new UpstreamError(message, { class: 'transient' });
      }
      const answer = await this.gateway.call({ ...request, platform });
      const errcode = errcodeOf(answer);
      if (errcode === undefined) return answer;
      const reaction = errcodes.get(errcode) ?? { class: 'transient' };
      throw refusal({
        errcode,
        errmsg: errmsgOf(answer, secrets),
        reaction,
        platform,
      });
    };
  }
}

/** R15: what the app's own code throws may quote a secret. What an input cannot be had for passes. */
async function guarded<Answer>(
  { id }: TokenSource,
  work: () => Promise<Answer>,
  isOfInputs: (error: unknown) => boolean = () => false,
): Promise<Answer> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UpstreamError || isOfInputs(error)) throw error;
    const message = upstreamMessages.sourceFailed(id, kindOf(error));
    throw new UpstreamError(message, { class: 'transient' });
  }
}

async function callWithToken(
  call: Call,
  tokens: InputTokens,
  name: string,
  callFor: (token: string) => PlatformCall,
) {
  const token = await tokens.get(name);
  try {
    return await call(callFor(token));
  } catch (error) {
    if (!isRejection(error)) throw error;
    // Where there is no other, the refusal of this one is why nothing was issued.
    const next = await tokens.replace(name, token).catch(() => {
      throw error;
    });
    return call(callFor(next));
  }
}
