import { setTimeout as sleep } from 'node:timers/promises';
import { askToken, type WechatAnswer } from '../../support/app-sandbox.js';

const READERS = 4;
/** Each reader's, between two reads: load, but not all that the machine has. */
const PAUSE_MS = 25;

/** Clients that read the token of the default account without end, each on a connection that it keeps open. */
export class Reads implements AsyncDisposable {
  /** All answers without a token, and all requests without an answer. */
  readonly failures: string[] = [];
  /** The tokens that were read. */
  readonly tokens = new Set<string>();
  count = 0;
  private isStopped = false;
  private readonly readers: Promise<void>[];

  constructor(private readonly url: string) {
    this.readers = Array.from({ length: READERS }, () => this.readUntilStop());
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    await Promise.all(this.readers);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  private async readUntilStop(): Promise<void> {
    while (!this.isStopped) {
      await this.read().catch((error: unknown) =>
        this.failures.push(String(error)),
      );
      await sleep(PAUSE_MS);
    }
  }

  private async read(): Promise<void> {
    const response = await askToken(this.url);
    const text = await response.text();
    this.count++;
    const { access_token: token } = response.ok
      ? (JSON.parse(text) as WechatAnswer)
      : {};
    if (token === undefined) this.failures.push(`${response.status} ${text}`);
    else this.tokens.add(token);
  }
}
