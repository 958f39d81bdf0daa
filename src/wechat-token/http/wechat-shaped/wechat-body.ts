import { Readable } from 'node:stream';

const LARGEST_BODY = 16 * 1024;

type Fields = Readonly<Record<string, unknown>>;

/**
 * The JSON object of a request, whatever its content type says: WeChat does not look at that, so SDKs send text or no type,
 * and programs in PHP and Python what their libraries say unasked, which is `application/x-www-form-urlencoded`. Undefined
 * when the body is no such object.
 */
export async function wechatBody(request: {
  body?: unknown;
}): Promise<Fields | undefined> {
  const { body } = request;
  if (isFields(body))
    return Object.keys(body)[0]?.startsWith('{') ? misread(body) : body;
  if (typeof body === 'string') return parse(body);
  // Express leaves alone what none of its parsers is for.
  const isUnread = request instanceof Readable && !request.readableEnded;
  return isUnread ? parse(await read(request)) : undefined;
}

/** JSON that was taken for a form: cut at `&` and `=`, its plus signs made spaces. No credential has a space in it. */
function misread(form: Fields): Fields | undefined {
  // Brackets make objects of it, and what they hold is nothing that could be put together again.
  if (!Object.values(form).every((value) => typeof value === 'string'))
    return undefined;
  const text = Object.entries(form)
    .map(([name, rest]) => (rest === '' ? name : `${name}=${String(rest)}`))
    .join('&');
  const fields = Object.entries(parse(text) ?? {});
  return Object.fromEntries(
    fields.map(([name, value]) => [
      name,
      typeof value === 'string' ? value.replaceAll(' ', '+') : value,
    ]),
  );
}

async function read(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    size += chunk.length;
    // The rest is read, and forgotten, so that the answer can be given.
    if (size <= LARGEST_BODY) chunks.push(chunk);
  }
  return size <= LARGEST_BODY ? Buffer.concat(chunks).toString('utf8') : '';
}

function parse(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
