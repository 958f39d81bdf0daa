/** It ships no types; this is what the benchmarks use of it. */
declare module 'autocannon' {
  export interface Options {
    readonly url: string;
    readonly connections: number;
    /** Seconds. */
    readonly duration: number;
    /** Each connection asks for one after the other, over and over. */
    readonly requests: readonly { readonly path: string }[];
    readonly headers: Readonly<Record<string, string>>;
  }

  export interface Result {
    readonly '2xx': number;
    readonly non2xx: number;
    readonly errors: number;
    /** Seconds. */
    readonly duration: number;
  }

  export default function autocannon(options: Options): Promise<Result>;
}
