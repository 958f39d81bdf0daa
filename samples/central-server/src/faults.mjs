import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { DEFAULT_FAKE_ACCOUNT } from '../../../dist/testing/index.mjs';
import { print } from './print.mjs';

const { appId } = DEFAULT_FAKE_ACCOUNT;
const RESTART =
  'the replicas are restarted, one after the other; a fault lasts';

/**
 * Causes faults of this model of WeChat as their names are typed: each lasts until the next word. `secretFile` has the
 * replicas' AppSecret.
 */
export function takeFaults(wechat, secretFile, restart) {
  let heal = () => {};
  const answer = (endpoint, fault) => {
    const injected = wechat.inject(endpoint, fault, { times: Infinity });
    heal = () => injected.remove();
  };
  const faults = {
    secret: {
      meaning: 'the AppSecret is reset: WeChat answers 40125 to the old one',
      cause() {
        const secret = randomBytes(16).toString('hex');
        wechat.changeSecret(appId, secret);
        print(`>> the new AppSecret: ${secret}`);
        // The new one, if somebody has entered it by then.
        heal = () =>
          wechat.changeSecret(appId, readFileSync(secretFile, 'utf8').trim());
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
  const list = [
    ...Object.entries(faults),
    ['restart', { meaning: RESTART }],
  ].map(([word, { meaning }]) => `  ${word.padEnd(7)}  ${meaning}\n`);
  const help = `To cause a fault, or to restart, type a word here, and Enter:\n\n${list.join('')}`;
  print(help);
  let restarts = Promise.resolve();
  createInterface({ input: process.stdin }).on('line', (line) => {
    const word = line.trim();
    if (word === 'restart') {
      print(`>> restart: ${RESTART}`);
      restarts = restarts.then(restart).then(
        () => print('>> restarted: both replicas are ready'),
        (error) => print(`>> not restarted: ${error.message}`),
      );
      return;
    }
    if (!Object.hasOwn(faults, word)) return print(help);
    const { meaning, cause } = faults[word];
    heal();
    heal = () => {};
    cause();
    print(`>> ${word}: ${meaning}`);
  });
}
