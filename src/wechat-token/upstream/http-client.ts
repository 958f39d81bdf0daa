import { Injectable } from '@nestjs/common';
import { LazyModuleLoader } from '@nestjs/core';
import type { AxiosInstance } from 'axios';
import { kindOf } from '../common/error-reason.js';
import { messages } from '../common/messages.js';
import { UpstreamError } from './failure.js';

/**
 * axios, loaded before the first call to WeChat: it is a tenth of an app's start, and one whose stored tokens are good
 * starts without a call (R12). An instance of its own: interceptors of the app's would see the AppSecret (R15).
 */
@Injectable()
export class HttpClient {
  private loading: Promise<AxiosInstance> | undefined;

  constructor(private readonly modules: LazyModuleLoader) {}

  /** The same one each time. @throws UpstreamError when it cannot be loaded; that is tried again. */
  load(): Promise<AxiosInstance> {
    this.loading ??= this.loadModule().catch((error: unknown) => {
      this.loading = undefined;
      const code = error instanceof Error && 'code' in error && error.code;
      const reason = typeof code === 'string' ? code : kindOf(error);
      const message = messages.httpClientNotLoaded(reason);
      throw new UpstreamError(message, { class: 'transient' });
    });
    return this.loading;
  }

  private async loadModule(): Promise<AxiosInstance> {
    const { HttpModule, HttpService } = await import('@nestjs/axios');
    const module = await this.modules.load(() => HttpModule.register({}), {
      logger: false,
    });
    return module.get(HttpService).axiosRef;
  }
}
