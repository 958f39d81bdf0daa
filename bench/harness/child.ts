import { type ChildProcess, fork } from 'node:child_process';

export interface Question {
  readonly id: number;
  readonly method: string;
  readonly input: unknown;
}

export type Reply = { readonly id: number } & (
  { readonly output: unknown } | { readonly error: string }
);

interface Asked {
  resolve(output: unknown): void;
  reject(error: Error): void;
}

/** A child process that runs a file of bench/children, which calls `serve()`. */
export class Child implements AsyncDisposable {
  private readonly asked = new Map<number, Asked>();
  private readonly ended: Promise<void>;
  private questions = 0;

  private constructor(private readonly process: ChildProcess) {
    process.on('message', (reply: Reply) => this.settle(reply));
    this.ended = new Promise((resolve) => {
      process.once('exit', (code, signal) => {
        const error = new Error(`the child ended with ${code ?? signal}`);
        for (const asked of this.asked.values()) asked.reject(error);
        resolve();
      });
    });
  }

  /** @param file The compiled file: `new URL('../children/….js', import.meta.url)`. */
  static start(file: URL, nodeOptions: readonly string[] = []): Child {
    return new Child(fork(file, { execArgv: [...nodeOptions] }));
  }

  /** Rejects when the method throws, and when the process ends. */
  ask<Output>(method: string, input: unknown = null): Promise<Output> {
    const id = this.questions++;
    return new Promise<Output>((resolve, reject) => {
      this.asked.set(id, { resolve: resolve as Asked['resolve'], reject });
      this.process.send({ id, method, input } satisfies Question);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.process.kill('SIGKILL');
    await this.ended;
  }

  private settle(reply: Reply): void {
    const asked = this.asked.get(reply.id);
    this.asked.delete(reply.id);
    if ('error' in reply) asked?.reject(new Error(reply.error));
    else asked?.resolve(reply.output);
  }
}

/** Runs `use` with a number of children, and stops them. */
export async function withChildren<T>(
  count: number,
  file: URL,
  use: (children: readonly Child[]) => Promise<T>,
): Promise<T> {
  const children = Array.from({ length: count }, () => Child.start(file));
  try {
    return await use(children);
  } finally {
    await Promise.all(children.map((child) => child[Symbol.asyncDispose]()));
  }
}
