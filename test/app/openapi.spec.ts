import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { createApp } from '../../src/app.js';
import { openDatabase } from '../../src/config/database.js';
import { loadSettings } from '../../src/config/settings.js';
import { openApiDocument } from '../../src/openapi/document.js';
import { DEFAULT_FAKE_ACCOUNT } from '../../src/testing/index.js';
import { apiKeys } from '../support/app-sandbox.js';
import { faultsOf, operations, resolve } from './openapi-document.js';

/** The part of Express's router that lists the routes. */
interface ExpressRouter {
  readonly stack: readonly {
    readonly route?: {
      readonly path: string | readonly string[];
      readonly methods: Readonly<Record<string, boolean>>;
    };
  }[];
}

/** Routes of the running app, such as `GET /wechat-tokens/{name}`. */
function mountedRoutes(app: NestExpressApplication): string[] {
  const express = app.getHttpAdapter().getInstance() as unknown as {
    router: ExpressRouter;
  };
  return express.router.stack.flatMap(({ route }) =>
    route
      ? [route.path].flat().flatMap((path) =>
          Object.keys(route.methods).map((method) => {
            const template = path.replaceAll(/:(\w+)/g, '{$1}');
            return `${method.toUpperCase()} ${template}`;
          }),
        )
      : [],
  );
}

describe('the document of the API', () => {
  it('has every route that the app mounts, and no other', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'wechat-token-openapi-'));
    const { appId, appSecret } = DEFAULT_FAKE_ACCOUNT;
    const settings = loadSettings({
      DATABASE_URL: `sqlite:${join(folder, 'app.sqlite')}`,
      WECHAT_ROLE: 'reader',
      WECHAT_APP_ID: appId,
      WECHAT_APP_SECRET: appSecret,
      API_KEYS: apiKeys({ id: 'a', key: 'a-key-0123456789abcdefghijklmnop' }),
      LOG_LEVEL: 'fatal',
    });
    const dataSource = await openDatabase(settings.database, true);
    const app = await createApp(settings, dataSource);
    await app.init();
    try {
      const mounted = mountedRoutes(app).filter(
        (route) => !route.startsWith('GET /docs'),
      );
      const documented = operations().map(({ route }) => route);
      expect(documented.toSorted()).toEqual(mounted.toSorted());
    } finally {
      await app.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('has examples for every body and every error, which are as their schemas say', () => {
    for (const { route, bodies } of operations())
      for (const { where, content } of bodies)
        for (const [type, { schema, examples = {} }] of Object.entries(
          content,
        )) {
          const place = `${route} ${where} ${type}`;
          expect(Object.keys(examples), place).not.toHaveLength(0);
          for (const [name, example] of Object.entries(examples)) {
            const { value } = resolve(example) as { value: unknown };
            expect(faultsOf(schema, value), `${place} ${name}`).toEqual([]);
          }
        }
  });

  it('has an example for every parameter that is needed, which is as its schema says', () => {
    for (const { route, parameters } of operations())
      for (const { name, required, schema, example } of parameters) {
        // The page would fill one in for others too, and so ask for the second page first.
        expect(example !== undefined, `${route} ${name}`).toBe(
          required ?? false,
        );
        if (required)
          expect(faultsOf(schema, example), `${route} ${name}`).toEqual([]);
      }
  });

  it('has its parameters beside each operation, where Swagger UI finds them', () => {
    for (const [path, item] of Object.entries(openApiDocument.paths))
      expect(item.parameters, path).toBeUndefined();
    for (const { route, parameters } of operations()) {
      const inPath = [...route.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const documented = parameters
        .filter((parameter) => parameter.in === 'path')
        .map(({ name }) => name);
      expect(documented, route).toEqual(inPath);
    }
  });

  it('has problem+json as the type of every error; not ready is an answer', () => {
    for (const { route, responses } of operations())
      for (const [status, response] of Object.entries(responses))
        if (Number(status) >= 400 && route !== 'GET /health/ready')
          expect(
            Object.keys(response.content ?? {}),
            `${route} ${status}`,
          ).toEqual(['application/problem+json']);
  });

  it('says of every route whose key it takes what scope that must have', () => {
    for (const { route, operation } of operations())
      if (operation.security === undefined)
        expect(operation.description, route).toMatch(
          /^Scope `tokens:(?:read|refresh|issue)`\./,
        );
  });

  it('has no reference that leads nowhere, and no part that nothing refers to', () => {
    const text = JSON.stringify(openApiDocument);
    const { securitySchemes: _, ...components } =
      openApiDocument.components ?? {};
    const parts = Object.entries(components).flatMap(([kind, members]) =>
      Object.keys(members ?? {}).map((name) => `#/components/${kind}/${name}`),
    );
    const references = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(
      ([, target = '']) => target,
    );
    expect([...new Set(references)].toSorted()).toEqual(parts.toSorted());
  });

  it('names each operation once', () => {
    const ids = operations().map(({ operation }) => operation.operationId);
    expect(ids).not.toContain(undefined);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
