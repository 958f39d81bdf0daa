import type { LoggerService } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import {
  isRowConflictError,
  type WechatAccount,
} from '../../src/wechat-token/index.js';
import { AdminQueries } from '../../src/wechat-token/http/admin/admin-queries.js';
import { RowConflicts } from '../../src/wechat-token/observe/row-conflicts.js';
import { KEYS, posted } from '../support/http.js';
import { everyDatabase } from '../support/every-database.js';
import { watchStatements } from '../support/many-accounts.js';
import {
  type ReplicaOptions,
  type TestReplica,
  World,
} from '../support/world.js';

const OURS = 'wx_of_the_first_app';
const THEIRS = 'wx_of_the_second_app';
const MODES = ['stable', 'classic'] as const;

/** Two apps that call their accounts alike. */
const accountOf = (appId: string, given: Partial<WechatAccount> = {}) => ({
  appId,
  appSecret: `secret-of-${appId}`,
  ...given,
});

const failure = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

/** Collects the lines of errors. */
function listener() {
  const lines: string[] = [];
  const nothing = () => undefined;
  const error = (...line: unknown[]) => void lines.push(JSON.stringify(line));
  const logger: LoggerService = { log: nothing, warn: nothing, error };
  return { lines, logger };
}

/** A second passes for this replica: its timers fire. */
async function turn({ poller, rounds, accountCheck }: TestReplica) {
  await poller.poll();
  await rounds.tick();
  await accountCheck.check();
}

describe.each(everyDatabase())(
  'two apps whose accounts have one name and two appids, on $title',
  (database) => {
    let world: World;
    beforeEach(async () => {
      world = await World.on(database);
      for (const appId of [OURS, THEIRS])
        world.wechat.addAccount(accountOf(appId));
    });
    afterEach(async () => {
      vi.restoreAllMocks();
      await world[Symbol.asyncDispose]();
    });

    const appOf = (
      appId: string,
      {
        account = {},
        ...options
      }: ReplicaOptions & { account?: Partial<WechatAccount> } = {},
    ) => world.replica({ accounts: [accountOf(appId, account)], ...options });
    const appIdOf = async (name = 'access_token') => {
      const [row] = await world.sql<{ app_id: string | null }>(
        'SELECT app_id FROM system_var WHERE name = ?',
        [name],
      );
      return row?.app_id;
    };
    const kept = async (name?: string) => {
      const { value, version } = await world.row(name);
      return { value, version, appId: await appIdOf(name) };
    };

    describe.each(MODES)('in %s mode', (mode) => {
      it.each([undefined, 'shop'])(
        'the first keeps the row for its lives, the second never changes it (account %s)',
        async (name) => {
          const row = name && `access_token:${name}`;
          const account = { mode, ...(name && { name }) };
          const first = await appOf(OURS, { account });
          await first.tokens.getAccessToken(name);
          const second = await appOf(THEIRS, { account });

          for (let minute = 0; minute < 300; minute += 24) {
            const before = await kept(row);
            await turn(second);
            const got = await failure(
              second.tokens.getAccessToken(name, { timeoutMs: 1000 }),
            );
            expect(await kept(row)).toEqual(before);
            expect(before.appId).toBe(OURS);
            if (mode === 'classic') {
              expect(got).toSatisfy(isRowConflictError);
              expect(String(got)).toContain(OURS);
              expect(String(got)).toContain(THEIRS);
            } else {
              expect(got).toBeUndefined();
              const own = await second.tokens.getAccessToken(name);
              expect(own).toBe(world.wechat.currentToken(THEIRS, 'stable'));
            }
            const ours = await first.tokens.getAccessToken(name);
            expect(ours).toBe(world.wechat.currentToken(OURS, mode));
            await world.advance(24 * 60);
            await turn(first);
          }
          // Two and a half lives, each of which ends at the end of a step.
          const { total } = world.wechat.callsFor(OURS);
          expect(total).toBeLessThanOrEqual(mode === 'stable' ? 25 : 3);
          const { total: others } = world.wechat.callsFor(THEIRS);
          expect(others).toBeLessThanOrEqual(mode === 'stable' ? 4 : 0);
        },
      );

      it('a changed appid: the new one has the row after the life of the old token', async () => {
        const old = await appOf(OURS, { account: { mode } });
        await old.tokens.getAccessToken();
        await old.close();
        const replica = await appOf(THEIRS, { account: { mode } });
        await turn(replica);
        expect(await appIdOf()).toBe(OURS);

        await world.advance(7201);
        await turn(replica);

        expect(await appIdOf()).toBe(THEIRS);
        const token = await replica.tokens.getAccessToken();
        expect(token).toBe(world.wechat.currentToken(THEIRS, mode));
        expect(await world.row()).toMatchObject({ value: token });
        expect(replica.module.get(RowConflicts).all()).toEqual([]);
      });

      it('a changed appid: an operator’s forced refresh takes the row at once', async () => {
        const old = await appOf(OURS, { account: { mode } });
        await old.tokens.getAccessToken();
        await old.close();
        const replica = await appOf(THEIRS, { account: { mode } });
        const gentle = await failure(replica.refresher.refresh('access_token'));
        expect(gentle).toSatisfy(isRowConflictError);
        expect(String(gentle)).toContain('force');

        const { outcome } = await replica.refresher.refresh('access_token', {
          force: true,
        });

        expect(outcome).toBe('refreshed');
        expect(await appIdOf()).toBe(THEIRS);
        const token = await replica.tokens.getAccessToken();
        expect(token).toBe(world.wechat.currentToken(THEIRS, mode));
        expect(await world.row()).toMatchObject({ value: token });
        expect(replica.module.get(RowConflicts).all()).toEqual([]);
      });

      it('a row whose appid is not known is renewed as before', async () => {
        const old = await appOf(OURS, { account: { mode } });
        await old.tokens.getAccessToken();
        await old.close();
        await world.sql('UPDATE system_var SET app_id = NULL');

        const replica = await appOf(THEIRS, { account: { mode } });
        await turn(replica);

        const token = await replica.tokens.getAccessToken();
        expect(token).toBe(world.wechat.currentToken(THEIRS, mode));
        expect(await world.row()).toMatchObject({ value: token });
        expect(await appIdOf()).toBe(THEIRS);
      });

      it('accounts of an AccountSource are no exception', async () => {
        const first = await appOf(OURS, { account: { mode } });
        await first.tokens.getAccessToken();
        const account = accountOf(THEIRS, { mode, name: 'default' });
        const second = await world.replica({
          accounts: { find: () => account, list: () => [account] },
        });
        const before = await kept();
        await turn(second);
        await first.refresher.refresh('access_token', { force: true });
        await turn(second);
        const got = await second.tokens
          .getAccessToken('default', { timeoutMs: 1000 })
          .catch((error: unknown) => error);
        if (mode === 'stable')
          expect(got).toBe(world.wechat.currentToken(THEIRS));
        else expect(got).toSatisfy(isRowConflictError);
        expect(await appIdOf()).toBe(OURS);
        expect((await kept()).value).not.toBe(before.value);
      });
    });

    it('is said once, with both appids, in the log, and as long as it lasts in the admin view and for health', async () => {
      const first = await appOf(OURS);
      const token = await first.tokens.getAccessToken();
      const { lines, logger } = listener();
      const second = await appOf(THEIRS, { logger });
      for (let i = 0; i < 5; i++) {
        await turn(second);
        await second.tokens.getAccessToken();
        await world.advance(60);
        await turn(first);
      }

      const said = lines.filter((line) => line.includes(OURS));
      expect(said).toHaveLength(1);
      expect(said[0]).toContain(THEIRS);
      expect(said[0]).toContain('access_token');
      expect(second.module.get(RowConflicts).all()).toEqual([
        { name: 'access_token', appId: THEIRS, heldBy: OURS },
      ]);
      const view = await second.module.get(AdminQueries).get('access_token');
      expect(view).toMatchObject({
        appId: THEIRS,
        status: 'missing',
        fingerprint: null,
        masked: null,
        lastError: { class: 'row-conflict', errcode: null },
      });
      expect(view.lastError?.message).toContain(OURS);
      expect(view.lastError?.message).toContain(THEIRS);
      expect(JSON.stringify([lines, view])).not.toContain(token);
      // The other app has nothing to say.
      expect(first.module.get(RowConflicts).all()).toEqual([]);
      expect(
        await first.module.get(AdminQueries).get('access_token'),
      ).toMatchObject({
        appId: OURS,
        status: 'valid',
        lastError: null,
      });
    });

    it('a reader of the second app gets an error that names both, and never the first one’s token', async () => {
      const first = await appOf(OURS);
      const token = await first.tokens.getAccessToken();
      const reader = await appOf(THEIRS, { role: 'reader' });
      await turn(reader);
      await first.refresher.refresh('access_token', { force: true });
      await turn(reader);

      const error = await failure(reader.tokens.getAccessToken());

      expect(error).toSatisfy(isRowConflictError);
      expect(String(error)).toContain(OURS);
      expect(String(error)).toContain(THEIRS);
      expect(String(error)).not.toContain(token);
      expect(world.wechat.callsFor(THEIRS).total).toBe(0);
    });

    it('a reader that has the token of its own app does not adopt one of another', async () => {
      const first = await appOf(OURS);
      const reader = await appOf(OURS, { role: 'reader' });
      const token = await first.tokens.getAccessToken();
      expect(await reader.tokens.getAccessToken()).toBe(token);
      await first.close();
      const second = await appOf(THEIRS);
      await second.refresher.refresh('access_token', { force: true });

      await turn(reader);

      expect(await reader.tokens.getAccessToken()).toBe(token);
      await world.advance(7200);
      const { refresher } = second;
      await refresher.refresh('access_token');
      expect(await failure(reader.tokens.getAccessToken())).toSatisfy(
        isRowConflictError,
      );
    });

    it('an SDK that forces on every request does not take the row over', async () => {
      const first = await appOf(OURS);
      await first.tokens.getAccessToken();
      const second = await world.httpReplica(new ExpressAdapter(), {
        accounts: [accountOf(THEIRS)],
        http: { apiKeys: Object.values(KEYS) },
      });
      await turn(second);
      const before = await kept();

      const response = await fetch(
        `${second.url}/cgi-bin/stable_token`,
        posted({
          grant_type: 'client_credential',
          appid: THEIRS,
          secret: KEYS.all.key,
          force_refresh: true,
        }),
      );

      expect(await response.json()).toMatchObject({
        access_token: world.wechat.currentToken(THEIRS),
      });
      expect(await kept()).toEqual(before);
    });

    it('the second takes no lease of the first, also when the row is due', async () => {
      const first = await appOf(OURS);
      await first.tokens.getAccessToken();
      const second = await appOf(THEIRS);
      await turn(second);
      await world.advance(6890);
      await turn(first);
      // Due for some seconds.
      await world.advance(41);
      const before = await kept();
      const statements = watchStatements(second);

      await second.rounds.tick();

      expect(statements.count('claim')).toBe(0);
      expect(statements.claims()).toBe(0);
      expect(await kept()).toEqual(before);
      await first.rounds.tick();
      expect(await kept()).not.toEqual(before);
      expect(await appIdOf()).toBe(OURS);
    });

    it('stable: the second writes its token when the first is gone, and the row’s token has expired', async () => {
      const first = await appOf(OURS);
      await first.tokens.getAccessToken();
      const second = await appOf(THEIRS);
      await world.advance(6000);
      const token = await second.tokens.getAccessToken();
      await first.close();
      await turn(second);
      expect(await appIdOf()).toBe(OURS);

      await world.advance(1201);
      await turn(second);

      expect(await appIdOf()).toBe(THEIRS);
      expect(await world.row()).toMatchObject({ value: token });
      expect(world.wechat.callsFor(THEIRS).total).toBe(1);
    });

    it('the same appid with another secret is no conflict', async () => {
      const first = await appOf(OURS);
      await first.tokens.getAccessToken();
      await first.close();
      world.wechat.changeSecret(OURS, 'another-secret');
      const again = await appOf(OURS, {
        account: { appSecret: 'another-secret' },
      });
      await turn(again);

      expect(await again.tokens.getAccessToken()).toBe(
        (await world.row()).value,
      );
      expect(again.module.get(RowConflicts).all()).toEqual([]);
    });
  },
);
