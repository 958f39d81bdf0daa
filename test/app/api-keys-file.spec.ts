import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { apiKeys, AppSandbox, tokenAnswer } from '../support/app-sandbox.js';

const OLD = { id: 'billing-1', key: 'billing-key-0123456789-abcdefgh-one' };
const NEW = { id: 'billing-2', key: 'billing-key-0123456789-abcdefgh-two' };
const SLIP = { id: 'billing-3', key: 'too-short' };

it('API_KEYS_FILE: keys are rotated while the app runs, and a slip changes nothing', async () => {
  await using sandbox = await AppSandbox.create();
  // As Kubernetes mounts a secret: a new version is a new folder, and one link is turned.
  const at = (...names: string[]) => join(sandbox.folder, ...names);
  let versions = 0;
  const publish = (text: string) => {
    const version = `..${++versions}`;
    mkdirSync(at(version));
    writeFileSync(at(version, 'keys.json'), text);
    symlinkSync(version, at('..next'));
    renameSync(at('..next'), at('..data'));
  };
  publish(apiKeys(OLD));
  symlinkSync('..data/keys.json', at('keys.json'));
  const app = await sandbox.run({
    API_KEYS: '',
    API_KEYS_FILE: at('keys.json'),
  });
  const isLetIn = async ({ key }: { key: string }) =>
    (await tokenAnswer(app.url, { secret: key })).access_token !== undefined;
  const letIn = async () => [await isLetIn(OLD), await isLetIn(NEW)];
  /** Comes with a key that is right, until the app has said so: guessing is slowed down. */
  const until = (key: typeof OLD, said: RegExp) =>
    vi.waitUntil(
      async () => {
        expect(await isLetIn(key)).toBe(true);
        return said.test(app.logs() + app.stderr());
      },
      { interval: 50 },
    );
  expect(await letIn()).toEqual([true, false]);

  publish(apiKeys(OLD, NEW));
  await until(OLD, /reloaded.*"billing-1","billing-2"/);
  expect(await letIn()).toEqual([true, true]);

  publish(apiKeys(NEW));
  await until(NEW, /reloaded.*\["billing-2"\]/);
  expect(await letIn()).toEqual([false, true]);

  publish(apiKeys(NEW, OLD, SLIP));
  await until(NEW, /reload failed/);
  expect(await letIn()).toEqual([false, true]);

  const [added, removed, refused, ...more] = (app.logs() + app.stderr())
    .split('\n')
    .filter((line) => line.includes('"ApiKeys"'));
  expect(added).toContain('"billing-1","billing-2"');
  expect(removed).toContain('["billing-2"]');
  expect(refused).toContain('API_KEYS_FILE[2].key');
  expect(refused).toContain('must be at least 32 printable ASCII characters');
  expect(more).toEqual([]);
  for (const { key } of [OLD, NEW, SLIP])
    expect(app.logs() + app.stderr()).not.toContain(key);
});
