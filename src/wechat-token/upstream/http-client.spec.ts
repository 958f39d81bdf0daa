import { LazyModuleLoader } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { UpstreamError } from './failure.js';
import { HttpClient } from './http-client.js';

async function httpClient() {
  const module = await Test.createTestingModule({
    providers: [HttpClient],
  }).compile();
  return {
    http: module.get(HttpClient),
    modules: module.get(LazyModuleLoader),
  };
}

describe('the HTTP client', () => {
  it('is loaded once, whoever asks', async () => {
    const { http, modules } = await httpClient();
    const loads = vi.spyOn(modules, 'load');

    const [first, second] = await Promise.all([http.load(), http.load()]);

    expect(first).toBe(second);
    expect(await http.load()).toBe(first);
    expect(loads).toHaveBeenCalledTimes(1);
  });

  it('that cannot be loaded says what to do, and is tried again', async () => {
    const { http, modules } = await httpClient();
    const missing = Object.assign(new Error(), {
      code: 'ERR_MODULE_NOT_FOUND',
    });
    vi.spyOn(modules, 'load').mockRejectedValueOnce(missing);

    const failure: unknown = await http.load().catch((error: unknown) => error);

    expect(failure).toBeInstanceOf(UpstreamError);
    expect(String(failure)).toContain(
      '(ERR_MODULE_NOT_FOUND). Install @nestjs/axios and axios.',
    );
    expect((await http.load()).defaults).toBeDefined();
  });
});
