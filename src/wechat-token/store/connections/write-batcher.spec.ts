import { setImmediate as turn } from 'node:timers/promises';
import { StoreError } from '../../common/errors.js';
import { WriteBatcher } from './write-batcher.js';

/** A write that a test ends itself. */
interface Write {
  readonly items: readonly number[];
  readonly succeed: () => void;
  readonly fail: (error: Error) => void;
}

/** Writes that end when the test says so; each item's result is its double. */
function gathered() {
  const begun: Write[] = [];
  const writes = new WriteBatcher<number, number>(
    (items) =>
      new Promise((resolve, fail) => {
        const succeed = () => resolve(items.map((item) => 2 * item));
        begun.push({ items, succeed, fail });
      }),
  );
  /** The write of that index, which must have begun. */
  const write = (index: number): Write => {
    const found = begun[index];
    if (!found) throw new Error(`write ${index} has not begun`);
    return found;
  };
  const items = () => begun.map((each) => each.items);
  return { writes, write, items };
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

describe('R14 gathered writes', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => vi.useRealTimers());

  /** Time enough for what follows a write that has ended, and too little for one to be slow. */
  const soon = () => vi.advanceTimersByTimeAsync(100);

  it('one alone is written at once', async () => {
    const { writes, write, items } = gathered();

    const result = writes.add(21);
    await turn();
    expect(items()).toEqual([[21]]);
    write(0).succeed();

    expect(await result).toBe(42);
  });

  it('and so is the next one, when the first has ended', async () => {
    const { writes, write, items } = gathered();
    const first = writes.add(1);
    await turn();
    write(0).succeed();
    await first;
    await soon();

    void writes.add(2);
    await turn();

    expect(items()).toEqual([[1], [2]]);
  });

  it('what comes in the same turn of the event loop is written together, also where it comes bit by bit', async () => {
    const { writes, write, items } = gathered();

    const results = upTo(3).map((item) => writes.add(item));
    results.push(Promise.resolve().then(() => writes.add(3)));
    await turn();
    expect(items()).toEqual([[0, 1, 2, 3]]);
    write(0).succeed();

    expect(await Promise.all(results)).toEqual([0, 2, 4, 6]);
  });

  it('what comes while a write is under way is written together by the next', async () => {
    const { writes, write, items } = gathered();
    const results = [writes.add(1)];
    await turn();
    for (const item of [2, 3, 4]) results.push(writes.add(item));
    await soon();
    expect(items()).toEqual([[1]]);

    write(0).succeed();
    await soon();
    expect(items()).toEqual([[1], [2, 3, 4]]);
    write(1).succeed();

    expect(await Promise.all(results)).toEqual([2, 4, 6, 8]);
    await soon();
    expect(items()).toHaveLength(2);
  });

  it('at most 100 are written together, in the order of coming', async () => {
    const { writes, write, items } = gathered();
    const results = upTo(251).map((item) => writes.add(item));
    await turn();
    for (const index of upTo(3)) {
      write(index).succeed();
      await soon();
    }

    expect(items().map(({ length }) => length)).toEqual([100, 100, 51]);
    expect(items().flat()).toEqual(upTo(251));
    expect(await Promise.all(results)).toEqual(upTo(251).map((i) => 2 * i));
  });

  it('a failed write fails all of its items, and no others', async () => {
    const { writes, write } = gathered();
    const before = writes.add(0);
    await turn();
    const failing = Promise.allSettled([1, 2, 3].map((i) => writes.add(i)));
    write(0).succeed();
    await soon();
    const after = [4, 5].map((item) => writes.add(item));
    const gone = new Error('the database is away');

    write(1).fail(gone);
    await soon();
    write(2).succeed();

    expect(await before).toBe(0);
    const failed = { status: 'rejected', reason: gone };
    expect(await failing).toEqual([failed, failed, failed]);
    expect(await Promise.all(after)).toEqual([8, 10]);
  });

  it('of those among which the database refuses one only that one fails', async () => {
    const refusal = new StoreError('refused', 'ER_DATA_TOO_LONG');
    const written: (readonly number[])[] = [];
    const writes = new WriteBatcher<number, number>(async (items) => {
      written.push(items);
      if (items.includes(2)) throw refusal;
      return items;
    });

    const results = await Promise.allSettled(upTo(4).map((i) => writes.add(i)));

    expect(written).toEqual([[0, 1, 2, 3], [0], [1], [2], [3]]);
    expect(results).toEqual([
      { status: 'fulfilled', value: 0 },
      { status: 'fulfilled', value: 1 },
      { status: 'rejected', reason: refusal },
      { status: 'fulfilled', value: 3 },
    ]);
  });

  it.each(['SQLITE_BUSY', 'ER_CON_COUNT_ERROR', 'ECONNREFUSED'])(
    'a database that takes nothing (%s) is not asked for each of them',
    async (code) => {
      let statements = 0;
      const writes = new WriteBatcher<number, number>(async () => {
        statements++;
        throw new StoreError('away', code);
      });

      const results = upTo(20).map((i) => writes.add(i));

      for (const { status } of await Promise.allSettled(results))
        expect(status).toBe('rejected');
      expect(statements).toBe(1);
    },
  );

  it('one that fails before it has begun to wait is a failed write too', async () => {
    const error = new Error('cannot be sealed');
    const writes = new WriteBatcher<number, number>(() => {
      throw error;
    });

    await expect(writes.add(1)).rejects.toBe(error);
    await expect(writes.add(2)).rejects.toBe(error);
  });

  it('one that takes longer than 500 ms keeps those that come after it waiting no longer', async () => {
    const { writes, write, items } = gathered();
    const slow = writes.add(1);
    await turn();
    const next = writes.add(2);
    await vi.advanceTimersByTimeAsync(499);
    expect(items()).toEqual([[1]]);

    await vi.advanceTimersByTimeAsync(1);
    expect(items()).toEqual([[1], [2]]);
    write(1).succeed();
    expect(await next).toBe(4);
    await soon();
    void writes.add(3);
    await turn();
    expect(items()).toEqual([[1], [2], [3]]);

    write(0).succeed();
    expect(await slow).toBe(2);
  });

  it('the same for one that was gathered, and that fails in the end', async () => {
    const { writes, write, items } = gathered();
    void writes.add(1);
    await turn();
    const slow = Promise.allSettled([writes.add(2), writes.add(3)]);
    write(0).succeed();
    await soon();
    const next = writes.add(4);
    await vi.advanceTimersByTimeAsync(500);
    expect(items()).toEqual([[1], [2, 3], [4]]);

    write(2).succeed();
    expect(await next).toBe(8);
    const reason = new Error('lock wait timeout');
    write(1).fail(reason);

    const failed = { status: 'rejected', reason };
    expect(await slow).toEqual([failed, failed]);
  });

  it('leaves no timer when all is written', async () => {
    const { writes, write } = gathered();
    const results = [1, 2, 3].map((item) => writes.add(item));
    await turn();
    write(0).succeed();
    await Promise.all(results);
    await soon();

    expect(vi.getTimerCount()).toBe(0);
  });
});
