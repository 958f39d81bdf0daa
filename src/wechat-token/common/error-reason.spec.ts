import { reasonOf } from './error-reason.js';
import { AccountSourceError, StoreError } from './errors.js';

const SECRET = 'secret-marker';

function thrownBy(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

describe('what the log says of an error', () => {
  it("is the message of this package's own", () => {
    const error = new StoreError('Check the database.', 'ECONNREFUSED');
    expect(reasonOf(error)).toEqual({ reason: 'Check the database.' });
  });

  it('names the class and the origin of what an AccountSource has thrown', () => {
    const origin = { code: 'ERR_OUT_OF_RANGE', stack: ['at find (/app/a.js)'] };
    const error = new AccountSourceError('It failed.', 'RangeError', origin);
    const reason = 'It failed. (RangeError)';
    expect(reasonOf(error)).toEqual({ reason, ...origin });
  });

  it('is the class, the code and the stack frames of any other', () => {
    const error = thrownBy(() => Buffer.from(SECRET, SECRET as BufferEncoding));
    const { reason, code, stack } = reasonOf(error);
    expect(reason).toBe('unexpected: TypeError');
    expect(code).toBe('ERR_UNKNOWN_ENCODING');
    expect(stack?.[0]).toMatch(/^at .+\d+:\d+\)?$/);
    expect(stack?.join('\n')).toMatch(/error-reason\.spec\.ts/);
  });

  it.each([
    ['one line', `no connection with ${SECRET}`],
    ['no line', ''],
    ['several lines', `a\n${SECRET}\nb`],
    [
      'lines like frames',
      `a\n    at login (/app/${SECRET}.js:1:1)\n    at /${SECRET}:1:1`,
    ],
  ])('R15 holds nothing of a message of %s', (_, message) => {
    const told = reasonOf(new RangeError(message));
    expect(told.stack?.length).toBeGreaterThan(0);
    expect(JSON.stringify(told)).not.toContain(SECRET);
  });

  it('R15 has no frames when the message is not the one that the stack begins with', () => {
    const error = new RangeError(`a\n    at login (/app/${SECRET}.js:1:1)`);
    expect(error.stack).toContain(SECRET);
    error.message = 'another';
    expect(reasonOf(error)).toEqual({ reason: 'unexpected: RangeError' });
  });

  it('R15 holds no code that is not like one', () => {
    const error = Object.assign(new Error('failed'), { code: SECRET });
    expect(reasonOf(error)).not.toHaveProperty('code');
  });

  it('is the type of what is not an error', () => {
    expect(reasonOf(SECRET)).toEqual({ reason: 'unexpected: string' });
  });
});
