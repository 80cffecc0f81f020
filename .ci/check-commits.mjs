// Checks the messages of commits: node .ci/check-commits.mjs [RANGE]. Without a range, of all since the rule came.
import { execFileSync } from 'node:child_process';
import { problemsOf } from './commit-rule.mjs';

/** The last commit before the rule: older subjects name an area and begin in lower case. */
const BASE = '12c7a4b0a485aaea3dc277631cf14c5832f1202f';
/** A shallow clone cuts parents off: there a merge is known by the subject alone that git or a forge gave it. */
const MERGE = /^Merge (?:branch |remote-tracking |pull request |tag |commit |[0-9a-f]{40} into )/;

const git = (...args) => execFileSync('git', args, { encoding: 'utf8', maxBuffer: 2 ** 28 });

function isThere(commit) {
  try {
    execFileSync('git', ['cat-file', '-e', `${commit}^{commit}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function usualRange() {
  if (isThere(BASE)) return `${BASE}..HEAD`;
  console.log(`${BASE.slice(0, 7)} is not in this clone: every commit that is there is checked`);
  return 'HEAD';
}

const [range = usualRange()] = process.argv.slice(2);
const commits = git('log', '-z', '--no-merges', '--format=%h%n%B', range, '--')
  .split('\0')
  .filter((text) => text !== '')
  .map((text) => ({ hash: text.slice(0, text.indexOf('\n')), message: text.slice(text.indexOf('\n') + 1) }))
  .filter(({ message }) => !MERGE.test(message));
const bad = commits
  .map(({ hash, message }) => ({ hash, subject: message.split('\n')[0], problems: problemsOf(message) }))
  .filter(({ problems }) => problems.length > 0);
for (const { hash, subject, problems } of bad) {
  console.error(`${hash} "${subject}"`);
  for (const problem of problems) console.error(`  ${problem}.`);
}
console.log(`commit messages checked: ${commits.length}, to be reworded: ${bad.length}`);
if (bad.length > 0) {
  console.error('Reword the last one by git commit --amend, others by git rebase -i; CONTRIBUTING.md has the rule.');
  process.exitCode = 1;
}
