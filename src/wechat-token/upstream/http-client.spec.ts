import { runInNewContext } from 'node:vm';
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

  it.each([
    [
      'ERR_MODULE_NOT_FOUND',
      Object.assign(new Error('secret'), { code: 'ERR_MODULE_NOT_FOUND' }),
    ],
    // Jest runs an app in a context of its own, and what Node throws is of another.
    ['SyntaxError', runInNewContext("new SyntaxError('secret')")],
  ])(
    'that cannot be loaded (%s) says why and what to do before callers give up, and is tried again',
    async (reason, thrown: unknown) => {
      const { http, modules } = await httpClient();
      vi.spyOn(modules, 'load').mockRejectedValueOnce(thrown);

      const failure: unknown = await http.load().catch((e: unknown) => e);

      expect(failure).toBeInstanceOf(UpstreamError);
      expect(failure).toMatchObject({
        message: expect.stringContaining(
          `(${reason}). Install @nestjs/axios and axios; under Jest @nestjs/axios@4`,
        ),
        minWaitMs: 60_000,
      });
      expect(String(failure)).not.toContain('secret');
      expect((await http.load()).defaults).toBeDefined();
    },
  );
});
