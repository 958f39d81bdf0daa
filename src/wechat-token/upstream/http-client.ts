import type { HttpService } from '@nestjs/axios';
import { Injectable } from '@nestjs/common';
import { LazyModuleLoader } from '@nestjs/core';
import { kindOf, originOf } from '../common/error-reason.js';
import { UpstreamError } from './failure.js';
import { upstreamMessages } from './upstream.messages.js';

type AxiosInstance = HttpService['axiosRef'];

/** Longer than callers wait: they get the reason at once, instead of their time-out. */
const RETRY_MS = 60_000;

/**
 * Loads axios before the first call to WeChat: loading takes a tenth of an app's start, and an app with valid stored tokens
 * starts without a call (R12). The instance is the module's own: interceptors of the app would see the AppSecret (R15).
 */
@Injectable()
export class HttpClient {
  private loading: Promise<AxiosInstance> | undefined;

  constructor(private readonly modules: LazyModuleLoader) {}

  /** Returns the same instance each time. @throws UpstreamError when axios cannot be loaded; the next call tries again. */
  load(): Promise<AxiosInstance> {
    this.loading ??= this.loadModule().catch((error: unknown) => {
      this.loading = undefined;
      const reason = originOf(error).code ?? kindOf(error);
      const message = upstreamMessages.httpClientNotLoaded(reason);
      throw new UpstreamError(message, {
        class: 'transient',
        minWaitMs: RETRY_MS,
      });
    });
    return this.loading;
  }

  private async loadModule(): Promise<AxiosInstance> {
    // Not import(): Jest runs no code that imports while it runs, unless Node has an option for it.
    const loaded = require('@nestjs/axios') as typeof import('@nestjs/axios');
    const { HttpModule, HttpService } = loaded;
    const module = await this.modules.load(() => HttpModule.register({}), {
      logger: false,
    });
    return module.get(HttpService).axiosRef;
  }
}
