/** Does `work` for each item, at most `limit` at a time; ends when all have ended. `work` must not reject. */
export async function inParallel<Item>(
  items: Iterable<Item>,
  limit: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const queue = items[Symbol.iterator]();
  const worker = async () => {
    for (let next = queue.next(); !next.done; next = queue.next())
      await work(next.value);
  };
  await Promise.all(Array.from({ length: limit }, worker));
}
