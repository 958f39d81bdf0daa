import { SecretScan } from './secret-scan.js';

const SECRET = '90_this-is-a-token-that-nobody-must-ever-see-anywhere';

describe('the scan for secrets', () => {
  it.each([
    ['whole', `{"message":"${SECRET}"}`],
    ['cut after its beginning', `begins with ${SECRET.slice(0, 20)}`],
    ['without its beginning', `…${SECRET.slice(-20)}`],
    ['on one of many lines', `a\nb\n${SECRET}\nc`],
  ])('finds one %s, and does not repeat it', (_, text) => {
    const scan = new SecretScan();
    scan.add('the log', 'nothing');
    scan.add('the log', text);
    scan.add('the answers', 'nothing');
    const hits = scan.hits(['another-secret-0123456789', SECRET]);
    expect(hits).toEqual([expect.stringMatching(/^the log holds \d parts/)]);
    expect(hits.join()).not.toContain(SECRET.slice(0, 16));
  });

  it('takes a mask and a fingerprint for what they are', () => {
    const scan = new SecretScan();
    scan.add('the log', '{"masked":"90_t…here","fingerprint":"4b97ab73"}');
    expect(scan.hits([SECRET])).toEqual([]);
  });

  it('says how much it has looked at', () => {
    const scan = new SecretScan();
    scan.add('the log', 'one\ntwo\n\n');
    scan.add('the log', 'one\ntwo\n\n');
    scan.add('the answers', '{}');
    expect(scan).toMatchObject({ characters: 11, lines: 3 });
  });
});
