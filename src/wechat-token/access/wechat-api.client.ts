import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { DEFAULT_ACCOUNT } from '../common/token-name.js';
import type { PlatformAnswer } from '../sources/token-source.js';
import { UpstreamError } from '../upstream/failure.js';
import { fileNameIn } from '../upstream/file-name.js';
import { hasToken } from '../upstream/request-url.js';
import { errcodeOf, errmsgOf } from '../upstream/platform-answer.js';
import { PlatformGateway, type GatewayRequest } from '../upstream/gateway.js';
import { isWechatApiError, WechatApiError } from '../common/errors.js';
import type { Errcodes } from '../sources/errcodes.js';
import { upstreamMessages } from '../upstream/upstream.messages.js';
import { TokenProvider } from './token.provider.js';
import type { TokenReader } from './token-reader.js';
import { BusinessPlatforms } from './business-platforms.js';

/** The largest answer that is read without `maxBytes`: WeChat's media have up to 10 MiB. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

export interface WechatCallOptions {
  /** Whose token to call with; default: `default`. */
  account?: string;
  /** Query parameters besides `access_token`, which must not be among them. */
  params?: Readonly<Record<string, unknown>>;
  /**
   * How long the call may take with all that belongs to it, the wait for a token and the second try as well, milliseconds.
   * Default: the defaults of each of these, such as `api.timeoutMs` for a request. An upload may need more.
   */
  timeoutMs?: number;
  /** Ends the call early. */
  signal?: AbortSignal;
  /** The size of the largest answer that is read, bytes. Default: 16 MiB. */
  maxBytes?: number;
}

export interface WechatDownloadOptions extends WechatCallOptions {
  /** A JSON body, which makes the call a POST, such as that of a QR code. */
  body?: unknown;
}

/** A file that WeChat answered with. */
export interface WechatDownload {
  readonly bytes: Buffer;
  /** As WeChat declares it, which is not always right; an empty string without one. */
  readonly contentType: string;
  /** The name that WeChat gives it, without any folders. */
  readonly fileName: string | undefined;
}

/** A call without its token. */
type BusinessCall = Pick<
  GatewayRequest,
  'method' | 'path' | 'body' | 'repeatable'
>;

/** Sends a request once. */
type Send<T> = (
  request: GatewayRequest,
  errcodes: Errcodes,
  token: string,
) => Promise<T>;

/** Calls the APIs of WeChat, and of WeCom for its applications, with a valid token; when the platform refuses it, gets another and calls once more. */
@Injectable()
export class WechatApiClient {
  readonly #gateway: PlatformGateway;
  readonly #tokens: TokenReader;
  readonly #platforms: BusinessPlatforms;
  readonly #clock: Clock;

  constructor(
    gateway: PlatformGateway,
    tokens: TokenProvider,
    platforms: BusinessPlatforms,
    clock: Clock,
  ) {
    this.#gateway = gateway;
    this.#tokens = tokens.ofKind('access_token');
    this.#platforms = platforms;
    this.#clock = clock;
  }

  /**
   * @param path Such as `/cgi-bin/user/get`: an absolute path of the platform's host, with a query or without, already encoded. Whatever
   * would lead elsewhere is refused before a token is asked for.
   * @returns WeChat's JSON answer; its `errcode`, if it has one, is 0. **A whole number beyond ±(2^53 - 1), which a double does
   * not hold, is a string of its digits** (`msg_id`, `msgid`), a smaller one a number: declare such a field as
   * `number | string`. In a body send it as a `bigint`.
   * @throws WechatApiError for any other `errcode`, for a path that is refused, and when there is no usable answer; TokenUnavailableError;
   * UnknownAccountError.
   */
  get<T>(path: string, options: WechatCallOptions = {}): Promise<T> {
    const call = { method: 'GET', path, repeatable: 'same host' } as const;
    return this.call<T>(call, options, this.json);
  }

  /**
   * As {@link get}, with a body: plain data is sent as JSON, and a `FormData` as `multipart/form-data`, which is how files are
   * uploaded. Node's own `FormData` can be sent a second time after a new token; a stream, such as that of the package
   * `form-data`, cannot, so the caller gets the error.
   */
  post<T>(
    path: string,
    body: unknown,
    options: WechatCallOptions = {},
  ): Promise<T> {
    return this.call<T>({ method: 'POST', path, body }, options, this.json);
  }

  /**
   * Gets a file, such as a QR code (with `body`) or media. An error of WeChat's is one whatever content type it comes with; JSON
   * without an `errcode` is the file, such as that of a video: `{"video_url":…}`.
   * @throws WechatApiError, also for a web page in place of the file; else as {@link get}.
   */
  download(
    path: string,
    { body, ...options }: WechatDownloadOptions = {},
  ): Promise<WechatDownload> {
    const call =
      body === undefined
        ? ({ method: 'GET', path, repeatable: 'same host' } as const)
        : ({ method: 'POST', path, body } as const);
    return this.call(call, options, this.file);
  }

  private async call<T>(
    call: BusinessCall,
    options: WechatCallOptions,
    send: Send<T>,
  ): Promise<T> {
    const { account = DEFAULT_ACCOUNT, timeoutMs, params = {} } = options;
    const { platform: first } = this.#platforms.wechat;
    const isAccepted = this.#gateway.accepts(call.path, first);
    if (!isAccepted || hasToken(Object.keys(params))) {
      const message = upstreamMessages.badPath(first);
      throw new WechatApiError(message, { errmsg: message, class: 'api' });
    }
    const endsAt =
      timeoutMs === undefined ? undefined : this.#clock.now() + timeoutMs;
    /** What is left of the caller's limits, for one part of the call. */
    const limits = () => ({
      ...(endsAt !== undefined && {
        timeoutMs: Math.max(0, endsAt - this.#clock.now()),
      }),
      ...(options.signal && { signal: options.signal }),
    });
    const target = await this.#platforms.of(account);
    const token = await this.#tokens.get(account, limits());
    const attempt = async (token: string): Promise<T> => {
      const { maxBytes = MAX_ANSWER_BYTES } = options;
      const withToken = { ...params, access_token: token };
      const { platform } = target;
      const sent = { ...call, platform, params: withToken, maxBytes };
      try {
        return await send({ ...sent, ...limits() }, target.errcodes, token);
      } catch (error) {
        throw error instanceof UpstreamError ? unanswered(error) : error;
      }
    };
    try {
      return await attempt(token);
    } catch (error) {
      if (!isWechatApiError(error) || error.class !== 'rejected') throw error;
      const next = await this.#tokens.invalidate(token, account, limits());
      if (isStream(call.body)) throw error;
      return attempt(next);
    }
  }

  private readonly json = async <T>(
    request: GatewayRequest,
    errcodes: Errcodes,
    token: string,
  ): Promise<T> => {
    const answer = await this.#gateway.call(request);
    if (errcodeOf(answer) === undefined) return answer as T;
    throw refusal(answer, request, errcodes, token);
  };

  private readonly file = async (
    request: GatewayRequest,
    errcodes: Errcodes,
    token: string,
  ): Promise<WechatDownload> => {
    const answer = await this.#gateway.download(request);
    if ('error' in answer)
      throw refusal(answer.error, request, errcodes, token);
    const { bytes, contentType, contentDisposition } = answer.file;
    return { bytes, contentType, fileName: fileNameIn(contentDisposition) };
  };
}

/** There was no usable answer. */
function unanswered({ message, class: type }: UpstreamError): WechatApiError {
  return new WechatApiError(message, { errmsg: message, class: type });
}

/** Of an error only these fields are kept: others may be a user's record. */
function refusal(
  answer: PlatformAnswer,
  { path, platform }: GatewayRequest,
  errcodes: Errcodes,
  token: string,
): WechatApiError {
  const errcode = errcodeOf(answer) ?? 0;
  const errmsg = errmsgOf(answer, [token]);
  const rid = /rid: ([\w-]+)/.exec(errmsg)?.[1];
  const message = upstreamMessages.apiRefused(platform, path, errcode, errmsg);
  return new WechatApiError(message, {
    errcode,
    errmsg,
    ...(rid && { rid }),
    class: errcodes.get(errcode)?.class ?? 'api',
  });
}

/** A stream can be read once. */
function isStream(body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'pipe' in body;
}
