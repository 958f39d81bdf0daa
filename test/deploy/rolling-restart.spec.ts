import { AppSandbox, askToken } from '../support/app-sandbox.js';
import type { FreshDatabase } from '../support/databases.js';
import { databasesOf01 } from '../support/every-database.js';
import type { AppProcess } from '../support/run-app.js';
import { Version01 } from '../support/version-0-1.js';
import { Balancer } from './support/balancer.js';
import { Reads } from './support/reads.js';

const CLEANLY = { code: 0, signal: null };
/** A busy machine is to fail no read: only the replicas' ends may. */
const PATIENT = {
  // The longest there is: a second signal ends it, as soon as the proxy has seen the first.
  SHUTDOWN_DELAY_MS: '300000',
  HEADERS_TIMEOUT_MS: '120000',
  REQUEST_TIMEOUT_MS: '120000',
  KEEP_ALIVE_TIMEOUT_MS: '3600000',
  WECHAT_REQUEST_TIMEOUT_MS: '60000',
  WECHAT_LEASE_SECONDS: '300',
};
const PATIENCE_MS = 120_000;
/** Of each replica, before the next step. */
const ENOUGH_READS = 20;

const servers = databasesOf01().filter(({ kind }) => kind !== 'sqlite');

/** Eight processes start, one after the other, which takes minutes on a machine that is busy with everything else. */
const LIMIT = { timeout: 600_000 };

describe.each(servers)(
  'replicas behind a proxy, on $title',
  LIMIT,
  (database) => {
    let fresh: FreshDatabase;
    let sandbox: AppSandbox;
    let balancer: Balancer;
    beforeEach(async () => {
      fresh = await database.create();
      sandbox = await AppSandbox.create();
      balancer = await Balancer.start();
    });
    afterEach(async () => {
      await balancer[Symbol.asyncDispose]();
      await sandbox[Symbol.asyncDispose]();
      await fresh.drop();
    });

    /** A replica that serves through the proxy. */
    const start = async () => {
      const replica = await sandbox.run({
        DATABASE_URL: fresh.url,
        ...PATIENT,
      });
      balancer.add(replica.url);
      return replica;
    };
    const serving = ({ url }: AppProcess) =>
      vi.waitUntil(() => balancer.served(url) >= ENOUGH_READS, PATIENCE_MS);
    const out = ({ url }: AppProcess) =>
      vi.waitUntil(() => balancer.isOut(url), PATIENCE_MS);
    /** From when all of them have the token. */
    const read = async (replicas: readonly AppProcess[]) => {
      for (const { url } of replicas)
        await vi.waitUntil(async () => (await askToken(url)).ok, PATIENCE_MS);
      await vi.waitUntil(
        () => replicas.every(({ url }) => !balancer.isOut(url)),
        PATIENCE_MS,
      );
      const reads = new Reads(balancer.url);
      await Promise.all(replicas.map(serving));
      return reads;
    };

    /** SIGTERM, until the proxy goes by what `/health/ready` says; then the rest. */
    const restart = async (replica: AppProcess) => {
      process.kill(Number(replica.pid), 'SIGTERM');
      await out(replica);
      // A proxy that has not noticed yet may still send requests here.
      expect((await askToken(replica.url)).status).toBe(200);
      expect(await replica.stop()).toEqual(CLEANLY);
      balancer.remove(replica.url);
      const next = await start();
      await serving(next);
      return next;
    };

    const expectOneToken = (reads: Reads) => {
      expect(reads.failures).toEqual([]);
      expect([...reads.tokens]).toEqual(sandbox.wechat.issuedTokens);
      expect(sandbox.wechat.issued()).toBe(1);
    };

    it('a rolling restart fails no read, and has no token issued', async () => {
      const replicas = await Promise.all([start(), start()]);
      await using reads = await read(replicas);

      const restarted: AppProcess[] = [];
      for (const replica of replicas) restarted.push(await restart(replica));

      await reads.stop();
      expectOneToken(reads);
      expect(restarted.map((replica) => replica.stderr())).toEqual(['', '']);
    });

    it('an upgrade from version 0.1, whose replicas the proxy is told to leave out, fails no read and loses no token', async () => {
      using version01 = await Version01.install();
      const settings = sandbox.settings({ DATABASE_URL: fresh.url });
      const old = await Promise.all([
        version01.app(settings),
        version01.app(settings),
      ]);
      // It answers 200 there until it ends: it cannot say that it is about to.
      for (const { url } of old) balancer.add(url, '/health/live');
      await using reads = await read(old);

      for (const replica of old) {
        balancer.drain(replica.url);
        await out(replica);
        expect(await replica.stop()).toEqual(CLEANLY);
        balancer.remove(replica.url);
        // The first finds the tables of 0.1 and migrates them, under the other replica of 0.1.
        await serving(await start());
      }

      await reads.stop();
      expectOneToken(reads);
    });
  },
);
