// What does WeChat say?

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
  /** It does no harm twice: where there was no answer, another host may be asked, whatever became of the first call. */
  readonly repeatable?: boolean;
  /** What must not be shown, should the answer echo it (R15). */
  readonly secrets: readonly string[];
}

/** A JSON object as the platform answered it. */
export type WechatAnswer = Readonly<Record<string, unknown>>;

const LARGEST_ANSWER = 1024 * 1024;

/** The request certainly did not reach the platform: another host may be asked, even where each call counts. */
const NEVER_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

/** The only place that speaks HTTP to WeChat. What it throws holds no part of the request (R15). */
@Injectable()
export class WechatGateway {
  constructor(
    private readonly http: HttpClient,
    private readonly settings: WechatTokenSettings,
  ) {}

  /** Resolves when a call will go out at once. */
  async ready(): Promise<void> {
    // What keeps it from loading is told by the call.
    await this.http.load().catch(() => undefined);
  }

  /**
   * The JSON object that the platform answered, `errcode` and all.
   * @throws UpstreamError of class `transient` when there is no such answer within the timeout.
   */
  async call(request: WechatRequest): Promise<WechatAnswer> {
    const { baseUrl, fallbackUrls, timeoutMs } = this.settings.api;
    const share = Math.ceil(timeoutMs / (1 + fallbackUrls.length));
    const hosts = [...fallbackUrls];
    let patience = new AbortController();
    // All hosts together, and a slow drip too; axios's own timeout bounds only the silence.
    const deadline = setTimeout(() => {
      hosts.length = 0;
      patience.abort();
    }, timeoutMs);
    try {
      for (let host = baseUrl; ;) {
        const isLast = !request.repeatable || hosts.length === 0;
        const { signal } = patience;
        const asking = this.callHost(host, request, signal);
        const timer = isLast
          ? undefined
          : setTimeout(() => patience.abort(), share);
        try {
          return await asking;
        } catch (error) {
          if (error instanceof UpstreamError) throw error;
          const code = codeOf(error);
          const mayAskAnother = request.repeatable || NEVER_SENT.has(code);
          const next = mayAskAnother ? hosts.shift() : undefined;
          if (next === undefined) throw unreachable(request.path, host, code);
          host = next;
          patience = new AbortController();
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
    const config: AxiosRequestConfig<unknown> = {
      method: request.method,
      url: host + request.path,
      params: request.params,
      data: request.body,
      signal,
      maxRedirects: 0,
      maxContentLength: LARGEST_ANSWER,
      responseType: 'text',
      transformResponse: (body: unknown) => body,
      validateStatus: () => true,
    };
    const axios = await this.http.load();
    const response = await axios.request<unknown>(config);
    return parseAnswer(request, response.status, response.data);
  }
}

/** WeChat's own words in an answer, with the given secrets removed. */
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
  // An errcode counts whatever the status; without one only a 200 is an answer.
  const answered = parsed && (status === 200 || 'errcode' in parsed);
  if (answered) return parsed;
  // Redacted whole, then cut: the first part of a token would not be recognised as one.
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

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'UNKNOWN';
  const code = 'code' in error ? error.code : undefined;
  // The signal is the timeout; nothing else cancels a call.
  if (code === 'ERR_CANCELED') return 'timeout';
  return typeof code === 'string' ? code : error.name;
}
