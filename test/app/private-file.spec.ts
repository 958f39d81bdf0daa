import { chmodSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { AppSandbox, tokenAnswer } from '../support/app-sandbox.js';

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

describe('R15 the files of SQLite', () => {
  let sandbox: AppSandbox;
  beforeEach(async () => {
    sandbox = await AppSandbox.create();
  });
  afterEach(() => sandbox[Symbol.asyncDispose]());

  it('and their folder, made by the app, are for its user alone', async () => {
    const folder = join(sandbox.folder, 'data');
    const DATABASE_URL = `sqlite:${join(folder, 'app.sqlite')}`;
    const app = await sandbox.run({ DATABASE_URL });
    expect((await tokenAnswer(app.url)).access_token).toBeDefined();

    expect(modeOf(folder)).toBe('700');
    const files = readdirSync(folder);
    expect(files).toContain('app.sqlite-wal');
    for (const file of files) expect(modeOf(join(folder, file))).toBe('600');
  });

  it('that are there stay as they are: another program may be let in by their group', async () => {
    const first = await sandbox.run();
    await first.stop();
    const file = join(sandbox.folder, 'app.sqlite');
    chmodSync(file, 0o640);
    const app = await sandbox.run();
    expect((await tokenAnswer(app.url)).access_token).toBeDefined();
    expect(modeOf(file)).toBe('640');
    expect(modeOf(`${file}-wal`)).toBe('640');
  });
});
