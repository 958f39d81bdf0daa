/**
 * The name of a file in a response, without any folders.
 * @param disposition The header Content-Disposition, such as `attachment; filename="MEDIA_ID.jpg"`.
 * @see https://www.rfc-editor.org/rfc/rfc6266
 */
export function fileNameIn(disposition: string): string | undefined {
  const encoded = /filename\*\s*=\s*utf-8''([^;\s]+)/i.exec(disposition)?.[1];
  const plain = /filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s"]+))/i.exec(
    disposition,
  );
  const quoted = plain?.[1]?.replace(/\\(.)/g, '$1');
  const name = decoded(encoded) ?? inUtf8(quoted ?? plain?.[2] ?? '');
  // oxlint-disable-next-line no-control-regex
  return name.replace(/^.*[/\\]|[\u0000-\u001f\u007f]/gs, '') || undefined;
}

/** Node reads headers as Latin 1; WeChat writes UTF-8. */
function inUtf8(header: string): string {
  return Buffer.from(header, 'latin1').toString('utf8');
}

function decoded(text: string | undefined): string | undefined {
  try {
    return text && decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
