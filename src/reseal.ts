import { messages } from './config/config.messages.js';
import { openTables } from './config/database.js';
import { explain } from './config/explain.js';
import { readResealSettings } from './config/command-settings.js';
import { resealTokens } from './wechat-token/index.js';

/** `npm run reseal`: the last step of a rotation of TOKEN_ENCRYPTION_KEYS. Exits with 1 when a token was not re-encrypted. */
async function main(): Promise<void> {
  try {
    const { database, encryptionKeys, encryptionPlain } =
      await readResealSettings(process.env);
    const dataSource = await openTables(database);
    try {
      const counts = {
        resealed: 0,
        sealed: 0,
        current: 0,
        plain: 0,
        gone: 0,
        failed: 0,
      };
      let changedMeanwhile = 0;
      const tokens = resealTokens(dataSource, encryptionKeys, encryptionPlain);
      for await (const token of tokens) {
        counts[token.outcome]++;
        if (token.changedMeanwhile > 0) changedMeanwhile++;
        // Printed at once, since there may be very many.
        if (token.reason) process.stderr.write(`${token.reason}\n`);
      }
      const [first] = encryptionKeys;
      const resealed = counts.resealed + counts.sealed;
      const { current, sealed } = counts;
      process.stdout.write(
        `${messages.resealed(first?.id ?? '', { resealed, current })}\n`,
      );
      if (sealed > 0) process.stdout.write(`${messages.plainSealed(sealed)}\n`);
      if (changedMeanwhile > 0)
        process.stdout.write(
          `${messages.changedMeanwhile(changedMeanwhile)}\n`,
        );
      if (counts.plain > 0)
        process.stderr.write(`${messages.plainLeft(counts.plain)}\n`);
      if (counts.failed > 0)
        process.stderr.write(`${messages.notResealed(counts.failed)}\n`);
      if (counts.plain + counts.failed > 0) process.exitCode = 1;
    } finally {
      await dataSource.destroy();
    }
  } catch (error) {
    explain(error);
  }
}

/** Settles when no token is left. */
export const done = main();
