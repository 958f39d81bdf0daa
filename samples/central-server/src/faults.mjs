import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import { DEFAULT_FAKE_ACCOUNT } from '../../../dist/testing/index.mjs';
import { print } from './print.mjs';

const { appId, appSecret } = DEFAULT_FAKE_ACCOUNT;

/** Causes faults of this model of WeChat as their names are typed: each lasts until the next word. */
export function takeFaults(wechat) {
  let heal = () => {};
  const answer = (endpoint, fault) => {
    const injected = wechat.inject(endpoint, fault, { times: Infinity });
    heal = () => injected.remove();
  };
  const faults = {
    secret: {
      meaning: 'the AppSecret is reset: WeChat answers 40125 to the old one',
      cause() {
        wechat.changeSecret(appId, randomBytes(16).toString('hex'));
        heal = () => wechat.changeSecret(appId, appSecret);
      },
    },
    ip: {
      meaning: "the servers' IP address is not in the whitelist: 40164",
      cause: () => answer('stable', { errcode: 40164 }),
    },
    quota: {
      meaning: "the day's quota is spent: 45009",
      cause: () => answer('stable', { errcode: 45009 }),
    },
    down: {
      meaning: 'WeChat cuts every connection',
      cause: () => answer('any', { reset: true }),
    },
    drop: {
      meaning: 'the token is refused from now on: 40001 to whoever uses it',
      cause: () => wechat.drop(),
    },
    heal: { meaning: 'all is well again', cause() {} },
  };
  const list = Object.entries(faults).map(
    ([word, { meaning }]) => `  ${word.padEnd(6)}  ${meaning}\n`,
  );
  const help = `To cause a fault, type a word here, and Enter:\n\n${list.join('')}`;
  print(help);
  createInterface({ input: process.stdin }).on('line', (line) => {
    const word = line.trim();
    if (!Object.hasOwn(faults, word)) return print(help);
    const { meaning, cause } = faults[word];
    heal();
    heal = () => {};
    cause();
    print(`>> ${word}: ${meaning}`);
  });
}
