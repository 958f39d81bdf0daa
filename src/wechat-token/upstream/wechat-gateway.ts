// What does WeChat respond?

import { Injectable } from '@nestjs/common';
import type { AxiosRequestConfig } from 'axios';
import { messages } from '../common/messages.js';
import { WechatTokenSettings } from '../common/settings.js';
import { UpstreamError } from './failure.js';
import { HttpClient } from './http-client.js';
import { redact } from './redact.js';

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
  /** Values to redact, should the response echo them (R15). */
  readonly secrets: readonly string[];
}

/** The JSON object of a response. */
export type WechatAnswer = Readonly<Record<string, unknown>>;

const MAX_RESPONSE_BYTES = 1024 * 1024;

/** Error codes of a request that did not reach the platform: another host may be called, whatever the request. */
const NEVER_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

/** Error codes of a connection that the other side has closed. */
const CLOSED = new Set(['ECONNRESET', 'EPIPE']);

/** The only HTTP client of WeChat's API. Its errors contain no part of the request (R15). */
@Injectable()
export class WechatGateway {
  constructor(
    private readonly http: HttpClient,
    private readonly settings: WechatTokenSettings,
  ) {}

  /** Resolves when a call can be sent at once. */
  async ready(): Promise<void> {
    // The call itself reports a failure to load.
    await this.http.load().catch(() => undefined);
  }

  /**
   * Sends a request. @returns the JSON object of the response, which may hold an `errcode`.
   * @throws UpstreamError of class `transient` when there is no such response within the timeout.
   */
  async call(request: WechatRequest): Promise<WechatAnswer> {
    const { baseUrl, fallbackUrls, timeoutMs } = this.settings.api;
    const share = Math.ceil(timeoutMs / (1 + fallbackUrls.length));
    const hosts = [...fallbackUrls];
    const isForAnyHost = request.repeatable === 'any host';
    let attempt = new AbortController();
    // Bounds all hosts together and a slowly trickling response; axios's own timeout bounds only the time without data.
    const deadline = setTimeout(() => {
      hosts.length = 0;
      attempt.abort();
    }, timeoutMs);
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
          const mayAskAnother = isForAnyHost || NEVER_SENT.has(code);
          const next = mayAskAnother ? hosts.shift() : undefined;
          if (next === undefined) throw unreachable(request.path, host, code);
          host = next;
          attempt = new AbortController();
        } finally {
          clearTimeout(timer);
        }
      }
    } finally {
      clearTimeout(deadline);
    }
  }

  private async callHost(
    host: string,
    request: WechatRequest,
    signal: AbortSignal,
  ): Promise<WechatAnswer> {
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
  ): Promise<WechatAnswer> {
    const config: AxiosRequestConfig<unknown> = {
      method: request.method,
      url: host + request.path,
      params: request.params,
      data: request.body,
      signal,
      maxRedirects: 0,
      maxContentLength: MAX_RESPONSE_BYTES,
      responseType: 'text',
      transformResponse: (body: unknown) => body,
      validateStatus: () => true,
    };
    const axios = await this.http.load();
    const response = await axios.request<unknown>(config);
    return parseAnswer(request, response.status, response.data);
  }
}

/** WeChat's error message in a response, redacted. */
export function errmsgOf(
  answer: WechatAnswer,
  secrets: readonly string[],
): string {
  const { errmsg } = answer;
  return typeof errmsg === 'string' ? redact(errmsg, secrets) : '';
}

function unreachable(path: string, host: string, code: string): UpstreamError {
  const message = messages.upstreamUnreachable(path, host, code);
  return new UpstreamError(message, { class: 'transient' });
}

function parseAnswer(
  { path, secrets }: WechatRequest,
  status: number,
  body: unknown,
): WechatAnswer {
  const parsed = parseJson(body);
  // An errcode counts with any status; without an errcode the status must be 200.
  const answered = parsed && (status === 200 || 'errcode' in parsed);
  if (answered) return parsed;
  // Redact before truncating: a truncated token would not be recognised as one.
  const start =
    typeof body === 'string' ? redact(body, secrets).slice(0, 60) : '';
  throw new UpstreamError(messages.upstreamGarbage(path, status, start), {
    class: 'transient',
  });
}

function parseJson(body: unknown): WechatAnswer | undefined {
  try {
    const value: unknown = JSON.parse(String(body));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as WechatAnswer)
      : undefined;
  } catch {
    return undefined;
  }
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
