import { Logger } from '@nestjs/common';
import { ManualClock } from '../testing/index.js';
import type { LogLine } from '../wechat-token/index.js';
import { AuditLog } from './audit-log.js';

const READ = {
  name: 'access_token',
  fingerprint: '4b97ab73',
  actor: 'billing',
  address: '203.0.113.7',
  route: 'GET /cgi-bin/token',
};

describe('the audit of reads', () => {
  const clock = new ManualClock();
  let lines: LogLine[];
  beforeEach(() => {
    lines = [];
    vi.spyOn(Logger.prototype, 'log').mockImplementation(
      (line: LogLine) => void lines.push(line),
    );
  });
  afterEach(() => vi.restoreAllMocks());
  const sampled = () => new AuditLog('sampled', () => clock.now());
  const repeat = (times: number, audit: AuditLog, other: object = {}) => {
    for (let time = 0; time < times; time++) audit.read({ ...READ, ...other });
  };

  it('has a line for each of them with AUDIT=all', () => {
    const audit = new AuditLog('all');
    repeat(3, audit);
    expect(lines).toHaveLength(3);
    expect(lines[0]).toEqual({ msg: 'token read', ...READ, count: 1 });
  });

  it('has one line a minute for a key, a token and an address, with the reads since the one before', async () => {
    const audit = sampled();
    repeat(1000, audit);
    repeat(10, audit, { address: '203.0.113.8' });
    repeat(10, audit, { actor: 'crm' });
    repeat(10, audit, { name: 'access_token:shop' });
    expect(lines).toHaveLength(4);
    await clock.advance(60_000);
    repeat(5, audit);
    // Of those others, too, the ones that had no line yet.
    expect(lines.slice(4)).toMatchObject(
      [999, 9, 9, 9].map((count) => ({ count })),
    );
    await clock.advance(60_000);
    audit.endMinutes();
    expect(lines.slice(8)).toMatchObject([{ ...READ, count: 5 }]);
  });

  it('counts every read once, at most 10,000 readers at a time', async () => {
    const audit = sampled();
    for (let reader = 0; reader < 12_000; reader++)
      repeat(2, audit, { address: `${reader}` });
    expect(audit['readers'].size).toBe(10_000);
    audit.end();
    await clock.advance(60_000);
    expect(audit['readers'].size).toBe(0);
    const counts = lines.map(
      (line) => (line as unknown as typeof READ & { count: number }).count,
    );
    expect(counts.reduce((sum, count) => sum + count)).toBe(24_000);
  });
});
