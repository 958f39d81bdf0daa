import 'reflect-metadata';

type Token<T> = abstract new (...args: never[]) => T;
type Constructor = new (...args: unknown[]) => unknown;

/**
 * Makes the engine's classes by the metadata that Nest reads, and so needs to know none of their constructors. Nest itself takes
 * milliseconds for each replica; the model makes tens of thousands.
 */
export class Injector {
  private readonly made = new Map<unknown, unknown>();

  provide<T>(token: Token<T>, value: T): this {
    this.made.set(token, value);
    return this;
  }

  get<T>(token: Token<T>): T {
    if (!this.made.has(token)) this.made.set(token, this.make(token));
    return this.made.get(token) as T;
  }

  private make(token: unknown): unknown {
    const parameters = (Reflect.getMetadata(
      'design:paramtypes',
      token as object,
    ) ?? []) as Token<unknown>[];
    const Class = token as Constructor;
    return new Class(...parameters.map((parameter) => this.get(parameter)));
  }
}
