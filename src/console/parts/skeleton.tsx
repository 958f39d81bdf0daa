/** The place of what is not there yet. */
export function Skeleton({ width }: { readonly width: string }) {
  return <span class="skeleton" style={{ width }} />;
}
