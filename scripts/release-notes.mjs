// `node scripts/release-notes.mjs v1.0.0`: prints that version's section of CHANGELOG.md, for the release on GitHub. Ends with 1
// when the tag is not the version of package.json, or its section is missing or empty.
import { readFileSync } from 'node:fs';

const read = (file) =>
  readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');

function fail(problem) {
  process.stderr.write(`release-notes: ${problem}\n`);
  process.exit(1);
}

const [tag = ''] = process.argv.slice(2);
const { version, homepage } = JSON.parse(read('package.json'));
if (tag !== `v${version}`)
  fail(
    `the tag is “${tag}”, and package.json has the version ${version}; tag the commit of that version v${version}`,
  );

const section = read('CHANGELOG.md')
  .split(/^## /m)
  .find((text) => text.startsWith(`[${version}] - `));
const body = section
  ?.slice(section.indexOf('\n'))
  .replaceAll(/^\[[^\]]+\]: .*$/gm, '')
  .trim();
if (!body)
  fail(
    `CHANGELOG.md has nothing under “## [${version}] - YYYY-MM-DD”; move there what is under “## [Unreleased]”`,
  );

// On a release's page, links are not relative to the repository.
const [repository] = homepage.split('#');
const absolute = body.replaceAll(
  /\]\((?!https?:)([^)]+)\)/g,
  (_, target) => `](${repository}/blob/${tag}/${target})`,
);
process.stdout.write(`${absolute}\n`);
