import { Injectable } from '@nestjs/common';
import { DEFAULT_ACCOUNT } from '../common/token-name.js';
import { reactionTo } from '../upstream/errcodes.js';
import { UpstreamError } from '../upstream/failure.js';
import {
  type WechatAnswer,
  errmsgOf,
  WechatGateway,
  type WechatRequest,
} from '../upstream/wechat-gateway.js';
import { WechatApiError } from '../common/errors.js';
import { messages } from '../common/messages.js';
import { AccessTokenProvider } from './access-token.provider.js';

export interface WechatCallOptions {
  /** Whose token to call with; default: `default`. */
  account?: string;
  /** Query parameters besides `access_token`. */
  params?: Readonly<Record<string, unknown>>;
}

/** A call without its token. */
type BusinessCall = Omit<WechatRequest, 'secrets'>;

/** Calls WeChat's JSON APIs with a valid token; when the platform refuses it, gets another and calls once more. */
@Injectable()
export class WechatApiClient {
  constructor(
    private readonly gateway: WechatGateway,
    private readonly tokens: AccessTokenProvider,
  ) {}

  /**
   * @param path Such as `/cgi-bin/user/get`.
   * @returns WeChat's JSON answer; its `errcode`, if it has one, is 0.
   * @throws WechatApiError for any other `errcode`, and when there is no usable answer; TokenUnavailableError;
   * UnknownAccountError.
   */
  get<T>(path: string, options: WechatCallOptions = {}): Promise<T> {
    const call = { method: 'GET', path, repeatable: 'same host' } as const;
    return this.call<T>(call, options);
  }

  /** As {@link get}, with a JSON body. */
  post<T>(
    path: string,
    body: unknown,
    options: WechatCallOptions = {},
  ): Promise<T> {
    return this.call<T>({ method: 'POST', path, body }, options);
  }

  private async call<T>(
    request: BusinessCall,
    { account = DEFAULT_ACCOUNT, params }: WechatCallOptions,
  ): Promise<T> {
    const call = { ...request, params };
    const token = await this.tokens.getAccessToken(account);
    const first = await this.ask(call, token);
    const answer =
      first.error?.class === 'rejected'
        ? await this.ask(call, await this.tokens.invalidate(token, account))
        : first;
    if (answer.error) throw answer.error;
    return answer.body as T;
  }

  private async ask(
    call: BusinessCall,
    token: string,
  ): Promise<{ body?: WechatAnswer; error?: WechatApiError }> {
    try {
      const body = await this.gateway.call({
        ...call,
        params: { ...call.params, access_token: token },
        secrets: [token],
      });
      return { body, error: errorIn(body, call.path, token) };
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      const { message } = error;
      return {
        error: new WechatApiError(message, {
          errmsg: message,
          class: error.class,
        }),
      };
    }
  }
}

function errorIn(
  body: WechatAnswer,
  path: string,
  token: string,
): WechatApiError | undefined {
  const { errcode } = body;
  if (typeof errcode !== 'number' || errcode === 0) return undefined;
  const errmsg = errmsgOf(body, [token]);
  const failureClass = reactionTo(errcode, 'api')?.class ?? 'api';
  const rid = /rid: ([\w-]+)/.exec(errmsg)?.[1];
  return new WechatApiError(messages.apiRefused(path, errcode, errmsg), {
    errcode,
    errmsg,
    ...(rid && { rid }),
    class: failureClass,
  });
}
