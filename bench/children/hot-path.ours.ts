import { openEngine } from '../harness/engine.js';
import { type HotPathInput, PICKS, randomPicks } from './hot-path.input.js';

/** The module twice: with one account, read without a name, and with many. */
export async function ourCandidates(input: HotPathInput) {
  return [await ofOne(input), ...(await ofMany(input))];
}

async function ofOne({ wechatUrl, one }: HotPathInput) {
  const { appId, appSecret } = one.account;
  const { tokens, start } = await openEngine({
    databaseUrl: one.databaseUrl,
    wechatUrl,
    accounts: [{ appId, appSecret }],
  });
  await start();
  await tokens.getAccessToken();
  return {
    key: 'ours',
    run: async (times: number) => {
      for (let done = 0; done < times; done++) await tokens.getAccessToken();
    },
  };
}

/** All tokens are in memory and no platform is called: the same account is read repeatedly, or a different one each time. */
async function ofMany({ wechatUrl, many }: HotPathInput) {
  const { accounts, databaseUrl } = many;
  const { tokens, start } = await openEngine({
    databaseUrl,
    wechatUrl,
    accounts,
  });
  await start();
  for (const [index, { name }] of accounts.entries())
    if ((await tokens.getAccessToken(name)) !== many.tokens[index])
      throw new Error(`another token for ${name}`);
  const names = randomPicks(accounts.map(({ name }) => name));
  const [oneOfThem] = names;
  return [
    {
      key: 'ours-one-of-many',
      run: async (times: number) => {
        for (let done = 0; done < times; done++)
          await tokens.getAccessToken(oneOfThem);
      },
    },
    {
      key: 'ours-many',
      run: async (times: number) => {
        for (let done = 0; done < times; done++)
          await tokens.getAccessToken(names[done & (PICKS - 1)]);
      },
    },
  ];
}

/** The floor of a lookup by account name: a map of promises, without expiry. */
export function mapCandidate({ many }: HotPathInput) {
  const names = many.accounts.map(({ name }) => name);
  const promises = new Map(
    names.map((name, index) => [name, Promise.resolve(many.tokens[index])]),
  );
  const picks = randomPicks(names);
  return {
    key: 'map-many',
    run: async (times: number) => {
      for (let done = 0; done < times; done++)
        await promises.get(picks[done & (PICKS - 1)] ?? '');
    },
  };
}
