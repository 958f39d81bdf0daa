/** autocannon ships no types; these are the parts that the benchmarks use. */
declare module 'autocannon' {
  export interface Options {
    readonly url: string;
    readonly connections: number;
    /** Seconds. */
    readonly duration: number;
    /** The requests that each connection sends in turn, repeatedly. */
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
