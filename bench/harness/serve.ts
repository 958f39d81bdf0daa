import type { Question, Reply } from './child.js';

type Methods = Readonly<Record<string, (input: never) => Promise<unknown>>>;

/** Serves the parent's requests in a child process, which ends with the parent. */
export function serve(methods: Methods): void {
  const reply = (message: Reply) => void process.send?.(message);
  process.on('message', ({ id, method, input }: Question) => {
    run(methods, method, input).then(
      (output) => reply({ id, output: output ?? null }),
      (error: unknown) =>
        reply({
          id,
          error: error instanceof Error ? `${error.stack}` : String(error),
        }),
    );
  });
  process.once('disconnect', () => process.exit());
}

async function run(
  methods: Methods,
  method: string,
  input: unknown,
): Promise<unknown> {
  const found = methods[method];
  if (!found) throw new Error(`there is no method ${method}`);
  return found(input as never);
}
