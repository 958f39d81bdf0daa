// What does WeChat respond?

import { Injectable } from '@nestjs/common';
import type { AxiosRequestConfig } from 'axios';
import { messages } from '../common/messages.js';
import { WechatTokenSettings } from '../common/settings.js';
import { CallObserver } from './call-observer.js';
import { UpstreamError } from './failure.js';
import { HttpClient } from './http-client.js';
import { axiosProxy, type Proxy, proxyTo } from './proxy.js';
import { redact } from './redact.js';
import { requestUrl } from './request-url.js';
import {
  answerIn,
  errcodeOf,
  type WechatAnswer,
  type WechatResponse,
} from './wechat-answer.js';
import { jsonBody } from './wechat-json.js';

export interface WechatRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly params?: Readonly<Record<string, unknown>>;
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
  { readonly file: WechatResponse } | { readonly error: WechatAnswer };

const MAX_RESPONSE_BYTES = 1024 * 1024;
/** WeChat's errors are short; what is longer is a file, whatever it begins with. */
const MAX_ERROR_BYTES = 64 * 1024;
/** Node fires a timer that is longer than this at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Error codes of a request that did not reach the platform: another host may be called, whatever the request. */
const NEVER_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

/** Error codes of a TLS certificate that is not accepted. @see https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const CERTIFICATE =
  /CERT|CRL|ISSUER|LEAF_SIGNATURE|^INVALID_(CA|PURPOSE)$|^(PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH)$/;

/** Error codes of a connection that the other side has closed. */
const CLOSED = new Set(['ECONNRESET', 'EPIPE']);

/** The only HTTP client of WeChat's API. Its errors contain no part of the request, and none of the response (R15). */
@Injectable()
export class WechatGateway {
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

  /** Whether a request may go to that path: an absolute path of WeChat's host, without a token of its own. */
  accepts(path: string): boolean {
    return requestUrl(this.settings.api.baseUrl, path) !== undefined;
  }

  /**
   * Sends a request. @returns the JSON object of the response, which may hold an `errcode`.
   * @throws UpstreamError of class `transient` when there is no such response within the timeout.
   */
  call(request: WechatRequest): Promise<WechatAnswer> {
    return this.observer.observe(request.path, this.ask(request), errcodeOf);
  }

  /**
   * As {@link call}, for a response that is a file.
   * @returns the file, or the JSON object of an error, whatever content type it comes with.
   */
  download(request: WechatRequest): Promise<Downloaded> {
    const fetching = this.fetch(request);
    return this.observer.observe(request.path, fetching, (answer) =>
      'error' in answer ? errcodeOf(answer.error) : undefined,
    );
  }

  private async ask(request: WechatRequest): Promise<WechatAnswer> {
    const response = await this.exchange(request);
    const answer = answerIn(response);
    // An errcode counts with any status; without an errcode the status must be 200.
    if (answer && (response.status === 200 || 'errcode' in answer))
      return answer;
    throw this.unusable(request, response);
  }

  private async fetch(request: WechatRequest): Promise<Downloaded> {
    const response = await this.exchange(request);
    const { bytes, status, contentType } = response;
    const answer =
      bytes.length <= MAX_ERROR_BYTES ? answerIn(response) : undefined;
    if (answer && errcodeOf(answer) !== undefined) return { error: answer };
    // No API of WeChat gives a web page: it is that of a proxy or a portal.
    const isPage = contentType.startsWith('text/html');
    if (status !== 200 || bytes.length === 0 || isPage)
      throw this.unusable(request, response);
    return { file: response };
  }

  /** @throws UpstreamError of class `transient` when there is no response within the timeout. */
  private async exchange(request: WechatRequest): Promise<WechatResponse> {
    const { baseUrl, fallbackUrls } = this.settings.api;
    const { signal: ended } = request;
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
          if (CERTIFICATE.test(code)) throw this.distrusted(host, code);
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
    request: WechatRequest,
    signal: AbortSignal,
  ): Promise<WechatResponse> {
    try {
      return await this.send(host, request, signal);
    } catch (error) {
      if (!request.repeatable || !wasClosedWhileKept(error)) throw error;
      return this.send(host, request, signal);
    }
  }

  private async send(
    host: string,
    request: WechatRequest,
    signal: AbortSignal,
  ): Promise<WechatResponse> {
    const url = requestUrl(host, request.path);
    if (url === undefined) throw transient(messages.badPath());
    const config: AxiosRequestConfig<unknown> = {
      method: request.method,
      url,
      params: request.params,
      ...jsonBody(request.body),
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

  private distrusted(host: string, code: string): UpstreamError {
    const proxy = this.proxyTo(host);
    return new UpstreamError(messages.certificateRefused(host, code, proxy), {
      class: 'certificate',
    });
  }

  private unreachable(
    { path, signal, maxBytes = MAX_RESPONSE_BYTES }: WechatRequest,
    host: string,
    error: unknown,
  ): UpstreamError {
    if (signal?.aborted) return transient(messages.callAborted(path));
    if (isTooLarge(error))
      return transient(messages.answerTooLarge(path, maxBytes));
    const code = codeOf(error);
    const proxy = this.proxyTo(host);
    return transient(messages.upstreamUnreachable(path, host, code, proxy));
  }

  /** The response itself is not shown: it may be a user's record. */
  private unusable(
    { path }: WechatRequest,
    { status, contentType, bytes }: WechatResponse,
  ): UpstreamError {
    const [type] = /^[\w.+-]{1,30}\/[\w.+-]{1,60}/.exec(contentType) ?? [
      'no type',
    ];
    const what = `HTTP ${status}, ${redact(type, [])}, ${bytes.length} bytes`;
    const proxy = this.proxyTo(this.settings.api.baseUrl);
    return transient(messages.upstreamGarbage(path, what, proxy));
  }

  private proxyTo(host: string): Proxy | undefined {
    return proxyTo(host, this.settings.api.proxyUrl);
  }
}

function transient(message: string): UpstreamError {
  return new UpstreamError(message, { class: 'transient' });
}

/** axios has no code of its own for a response beyond `maxContentLength`. */
function isTooLarge(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('maxContentLength');
}

/**
 * Whether the connection of an earlier call was closed before anything of a response: the server may have closed it while it was
 * idle, when the request was on its way.
 * @see https://nodejs.org/api/http.html#requestreusedsocket
 */
function wasClosedWhileKept(error: unknown): boolean {
  if (!CLOSED.has(codeOf(error))) return false;
  const { request } = error as { request?: Partial<SentRequest> };
  return request?.reusedSocket === true && !request.res;
}

/** The part of Node's ClientRequest that tells whose fault a reset is. */
interface SentRequest {
  readonly reusedSocket: boolean;
  /** The response, once its head has been received. */
  readonly res: unknown;
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'UNKNOWN';
  const code = 'code' in error ? error.code : undefined;
  // Only the timeouts above cancel a call.
  if (code === 'ERR_CANCELED') return 'timeout';
  return typeof code === 'string' ? code : error.name;
}
