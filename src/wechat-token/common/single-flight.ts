/** R4: concurrent callers of the same key share one run; the next run of that key starts after it has ended. */
export class SingleFlight<Result> {
  private readonly flights = new Map<string, Promise<Result>>();

  run(key: string, work: () => Promise<Result>): Promise<Result> {
    const running = this.flights.get(key);
    if (running) return running;
    const flight = work().finally(() => this.flights.delete(key));
    this.flights.set(key, flight);
    return flight;
  }

  has(key: string): boolean {
    return this.flights.has(key);
  }

  /** Resolves when every run in flight has ended, successfully or not. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.flights.values());
  }
}
