// What does a platform respond?

import { Injectable } from '@nestjs/common';
import type { AxiosRequestConfig } from 'axios';
import { WechatTokenSettings } from '../common/settings.js';
import { CallObserver } from './call-observer.js';
import {
  CERTIFICATE,
  codeOf,
  isTooLarge,
  NEVER_SENT,
  wasClosedWhileKept,
} from './connection-faults.js';
import { UpstreamError } from './failure.js';
import { HttpClient } from './http-client.js';
import { axiosProxy, type Proxy, proxyTo } from './proxy.js';
import type { Platform } from '../sources/platform.js';
import { redact } from './redact.js';
import { requestUrl } from './request-url.js';
import {
  answerIn,
  errcodeOf,
  type PlatformResponse,
} from './platform-answer.js';
import { jsonBody } from './platform-json.js';
import type { PlatformAnswer } from '../sources/token-source.js';
import { upstreamMessages } from './upstream.messages.js';

export interface GatewayRequest {
  readonly platform: Platform;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /**
   * Where a request that may be executed twice is repeated: on the same host, when it closed a connection that was kept open; on
   * any host, also after no response. Default: nowhere.
   */
  readonly repeatable?: 'same host' | 'any host';
  /** The time limit, all hosts together, milliseconds. Default: `api.timeoutMs`. */
  readonly timeoutMs?: number | undefined;
  /** Ends the call. */
  readonly signal?: AbortSignal | undefined;
  /** The size of the largest response that is read. Default: 1 MiB. */
  readonly maxBytes?: number | undefined;
}

type Downloaded =
  { readonly file: PlatformResponse } | { readonly error: PlatformAnswer };

const MAX_RESPONSE_BYTES = 1024 * 1024;
/** Errors are short; what is longer is a file, whatever it begins with. */
const MAX_ERROR_BYTES = 64 * 1024;
/** Node fires a timer that is longer than this at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The only HTTP client of the platforms. Its errors contain no part of the request, and none of the response (R15). */
@Injectable()
export class PlatformGateway {
  constructor(
    private readonly http: HttpClient,
    private readonly observer: CallObserver,
    private readonly settings: WechatTokenSettings,
  ) {}

  /** Resolves when a call can be sent at once. */
  async ready(): Promise<void> {
    // The call itself reports a failure to load.
    await this.http.load().catch(() => undefined);
  }

  /** Whether a request may go to that path: an absolute path of the platform's host, without a token of its own. */
  accepts(path: string, { baseUrl }: Platform): boolean {
    return requestUrl(baseUrl, path) !== undefined;
  }

  /**
   * Sends a request. @returns the JSON object of the response, which may hold an `errcode`.
   * @throws UpstreamError of class `transient` when there is no such response within the timeout.
   */
  call(request: GatewayRequest): Promise<PlatformAnswer> {
    return this.observer.observe(request.path, this.ask(request), errcodeOf);
  }

  /**
   * As {@link call}, for a response that is a file.
   * @returns the file, or the JSON object of an error, whatever content type it comes with.
   */
  download(request: GatewayRequest): Promise<Downloaded> {
    const fetching = this.fetch(request);
    return this.observer.observe(request.path, fetching, (answer) =>
      'error' in answer ? errcodeOf(answer.error) : undefined,
    );
  }

  private async ask(request: GatewayRequest): Promise<PlatformAnswer> {
    const response = await this.exchange(request);
    const answer = answerIn(response, request.platform.refusal);
    // An errcode counts with any status; without an errcode the status must be 200.
    if (answer && (response.status === 200 || answer['errcode'] !== undefined))
      return answer;
    throw this.unusable(request, response);
  }

  private async fetch(request: GatewayRequest): Promise<Downloaded> {
    const response = await this.exchange(request);
    const { bytes, status, contentType } = response;
    const answer =
      bytes.length <= MAX_ERROR_BYTES
        ? answerIn(response, request.platform.refusal)
        : undefined;
    if (answer && errcodeOf(answer) !== undefined) return { error: answer };
    // No API of WeChat gives a web page: it is that of a proxy or a portal.
    const isPage = contentType.startsWith('text/html');
    if (status !== 200 || bytes.length === 0 || isPage)
      throw this.unusable(request, response);
    return { file: response };
  }

  /** @throws UpstreamError of class `transient` when there is no response within the timeout. */
  private async exchange(request: GatewayRequest): Promise<PlatformResponse> {
    const { platform, signal: ended } = request;
    const { baseUrl, fallbackUrls = [] } = platform;
    const timeoutMs = request.timeoutMs ?? this.settings.api.timeoutMs;
    const share = Math.ceil(timeoutMs / (1 + fallbackUrls.length));
    const hosts = [...fallbackUrls];
    const isForAnyHost = request.repeatable === 'any host';
    let attempt = new AbortController();
    // Bounds all hosts together and a slowly trickling response; axios's own timeout bounds only the time without data.
    const end = () => {
      hosts.length = 0;
      attempt.abort();
    };
    const deadline = setTimeout(end, Math.min(timeoutMs, MAX_TIMER_MS));
    ended?.addEventListener('abort', end);
    if (ended?.aborted) end();
    try {
      for (let host = baseUrl; ;) {
        const isLast = !isForAnyHost || hosts.length === 0;
        const { signal } = attempt;
        const asking = this.callHost(host, request, signal);
        const timer = isLast
          ? undefined
          : setTimeout(() => attempt.abort(), share);
        try {
          return await asking;
        } catch (error) {
          if (error instanceof UpstreamError) throw error;
          const code = codeOf(error);
          // Another host would get what this one, or whoever answers in its place, must not.
          if (CERTIFICATE.test(code))
            throw this.distrusted(platform, host, code);
          const mayAskAnother = isForAnyHost || NEVER_SENT.has(code);
          const next = mayAskAnother ? hosts.shift() : undefined;
          if (next === undefined) throw this.unreachable(request, host, error);
          host = next;
          attempt = new AbortController();
        } finally {
          clearTimeout(timer);
        }
      }
    } finally {
      clearTimeout(deadline);
      ended?.removeEventListener('abort', end);
    }
  }

  private async callHost(
    host: string,
    request: GatewayRequest,
    signal: AbortSignal,
  ): Promise<PlatformResponse> {
    try {
      return await this.send(host, request, signal);
    } catch (error) {
      if (!request.repeatable || !wasClosedWhileKept(error)) throw error;
      return this.send(host, request, signal);
    }
  }

  private async send(
    host: string,
    request: GatewayRequest,
    signal: AbortSignal,
  ): Promise<PlatformResponse> {
    const url = requestUrl(host, request.path);
    if (url === undefined)
      throw transient(upstreamMessages.badPath(request.platform));
    const config: AxiosRequestConfig<unknown> = {
      method: request.method,
      url,
      params: request.params,
      ...bodyAndHeaders(request),
      signal,
      ...axiosProxy(host, this.settings.api.proxyUrl),
      maxRedirects: 0,
      maxContentLength: request.maxBytes ?? MAX_RESPONSE_BYTES,
      responseType: 'arraybuffer',
      transformResponse: (body: unknown) => body,
      validateStatus: () => true,
    };
    const axios = await this.http.load();
    const { status, headers, data } = await axios.request<Buffer>(config);
    const header = (name: string) => String(headers[name] ?? '');
    return {
      status,
      contentType: header('content-type'),
      contentDisposition: header('content-disposition'),
      bytes: data,
    };
  }

  private distrusted(
    platform: Platform,
    host: string,
    code: string,
  ): UpstreamError {
    const proxy = this.proxyTo(host);
    return new UpstreamError(
      upstreamMessages.certificateRefused(host, code, platform, proxy),
      { class: 'certificate' },
    );
  }

  private unreachable(
    { platform, path, signal, maxBytes = MAX_RESPONSE_BYTES }: GatewayRequest,
    host: string,
    error: unknown,
  ): UpstreamError {
    if (signal?.aborted) return transient(upstreamMessages.callAborted(path));
    if (isTooLarge(error))
      return transient(upstreamMessages.answerTooLarge(path, maxBytes));
    const code = codeOf(error);
    const proxy = this.proxyTo(host);
    return transient(
      upstreamMessages.unreachable(path, host, code, platform, proxy),
    );
  }

  /** The response itself is not shown: it may be a user's record. */
  private unusable(
    { path, platform }: GatewayRequest,
    { status, contentType, bytes }: PlatformResponse,
  ): UpstreamError {
    const [type] = /^[\w.+-]{1,30}\/[\w.+-]{1,60}/.exec(contentType) ?? [
      'no type',
    ];
    const what = `HTTP ${status}, ${redact(type, [])}, ${bytes.length} bytes`;
    const proxy = this.proxyTo(platform.baseUrl);
    return transient(upstreamMessages.garbage(path, what, platform, proxy));
  }

  private proxyTo(host: string): Proxy | undefined {
    return proxyTo(host, this.settings.api.proxyUrl);
  }
}

function bodyAndHeaders({ body, headers }: GatewayRequest) {
  const sent = jsonBody(body);
  return { ...sent, headers: { ...sent.headers, ...headers } };
}

function transient(message: string): UpstreamError {
  return new UpstreamError(message, { class: 'transient' });
}
