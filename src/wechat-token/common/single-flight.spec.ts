import { SingleFlight } from './single-flight.js';

describe('R4 single flight', () => {
  it('callers of one key share one run', async () => {
    const flights = new SingleFlight<number>();
    let runs = 0;
    const run = () => flights.run('a', () => Promise.resolve(++runs));

    expect(await Promise.all([run(), run(), run()])).toEqual([1, 1, 1]);
    expect(await run()).toBe(2);
  });

  it('keys do not wait for each other', async () => {
    const flights = new SingleFlight<string>();
    const never = flights.run('slow', () => new Promise(() => undefined));

    expect(await flights.run('fast', () => Promise.resolve('done'))).toBe(
      'done',
    );
    void never;
  });

  it('a failure reaches all who share it, and the next run begins afresh', async () => {
    const flights = new SingleFlight<string>();
    const fail = () => flights.run('a', () => Promise.reject(new Error('no')));

    const results = await Promise.allSettled([fail(), fail()]);

    expect(results.map((result) => result.status)).toEqual([
      'rejected',
      'rejected',
    ]);
    expect(await flights.run('a', () => Promise.resolve('yes'))).toBe('yes');
  });

  it('settles when all that runs has ended, well or not', async () => {
    const flights = new SingleFlight<string>();
    const ended: string[] = [];
    const note = (name: string) => () => void ended.push(name);
    flights
      .run('a', () => Promise.resolve('x'))
      .finally(note('a'))
      .catch(() => 0);
    flights
      .run('b', () => Promise.reject(new Error('no')))
      .finally(note('b'))
      .catch(() => 0);

    await flights.settled();

    expect(ended.sort()).toEqual(['a', 'b']);
  });
});
