import { Controller, Get, type INestApplication, Module } from '@nestjs/common';
import { type AbstractHttpAdapter, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { startApp } from '../../src/app.js';
import { AppModule } from '../../src/app.module.js';
import { createMonitoring } from '../../src/monitoring/monitoring.js';
import { openDatabase } from '../../src/config/database.js';
import { type Environment, loadSettings } from '../../src/config/settings.js';
import { serve } from '../harness/serve.js';

export type Platform = 'Express' | 'Fastify';

export interface BareInput {
  readonly platform: Platform;
  /** The body of the route's response. */
  readonly answer: unknown;
}

const ADAPTERS: Record<Platform, () => AbstractHttpAdapter> = {
  Express: () => new ExpressAdapter(),
  Fastify: () => new FastifyAdapter(),
};

let answer: unknown;

@Controller('cgi-bin')
class BareController {
  @Get('token')
  token(): unknown {
    return answer;
  }
}

@Module({ controllers: [BareController] })
class BareModule {}

/** Starts one kind of server; each method returns the URL on which it listens. */
serve({
  bare: async (input: BareInput) => {
    answer = input.answer;
    const adapter = ADAPTERS[input.platform]();
    return listen(
      await NestFactory.create(BareModule, adapter, { logger: ['error'] }),
    );
  },
  /** The app itself, on Express. */
  app: (environment: Environment) => startApp(loadSettings(environment)),
  /** The app's module on Fastify. */
  appOnFastify: async (environment: Environment) => {
    const settings = loadSettings(environment);
    const dataSource = await openDatabase(settings.database, settings.migrate);
    return listen(
      await NestFactory.create(
        AppModule.with(settings, dataSource, await createMonitoring(settings)),
        ADAPTERS.Fastify(),
        { logger: ['error'] },
      ),
    );
  },
});

async function listen(app: INestApplication): Promise<string> {
  await app.listen(0, '127.0.0.1');
  return app.getUrl();
}
