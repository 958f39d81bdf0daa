import { isUnread, readText } from '../problem/request-body.js';

type Fields = Readonly<Record<string, unknown>>;

/**
 * Parses the body as a JSON object, whatever its content type. WeChat ignores the content type, so SDKs send `text/plain` or
 * none, and programs in PHP and Python send their libraries' default, `application/x-www-form-urlencoded`. Returns undefined
 * if the body is not a JSON object.
 */
export async function wechatBody(request: {
  body?: unknown;
}): Promise<Fields | undefined> {
  const { body } = request;
  if (isFields(body))
    return Object.keys(body)[0]?.startsWith('{') ? parseForm(body) : body;
  if (typeof body === 'string') return parse(body);
  // Too large, too slow or cut off, it is no JSON either.
  return isUnread(request)
    ? parse(await readText(request).catch(() => ''))
    : undefined;
}

/**
 * Restores JSON that was parsed as a form: it was split at `&` and `=`, and its plus signs became spaces. No credential contains
 * a space.
 */
function parseForm(form: Fields): Fields | undefined {
  // A form with brackets was parsed into nested objects, which cannot be restored.
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
