/**
 * Runs `work` for each item as the items arrive, at most `limit` at a time, and resolves when all runs have ended. `work` must
 * not reject.
 * @throws whatever the source of the items throws, after the runs in flight have ended.
 */
export async function inParallel<Item>(
  items: Iterable<Item> | AsyncIterable<Item>,
  limit: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const queue =
    Symbol.asyncIterator in items
      ? items[Symbol.asyncIterator]()
      : items[Symbol.iterator]();
  const worker = async () => {
    for (let next = await queue.next(); !next.done; next = await queue.next())
      await work(next.value);
  };
  const ended = await Promise.allSettled(Array.from({ length: limit }, worker));
  for (const end of ended) if (end.status === 'rejected') throw end.reason;
}
