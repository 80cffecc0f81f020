/** The rule for commit messages; CONTRIBUTING.md has it in words. */

const MOST_SUBJECT = 72;
const MOST_BODY = 100;
/** What cannot be broken: an address, or a command in backticks, indented, or after a prompt. */
const UNBREAKABLE = /:\/\/|`|^(?: {4}|\t|\$ )/;
const EXAMPLE = 'such as "Replace a refused eviction"';

/** Imperatives, and words that may stand before one, that end like other forms. */
const IMPERATIVES = new Set(
  [
    'bleed breed embed exceed feed heed need proceed seed shed shred speed succeed weed',
    'bring cling fling ping ring sling spring sting string swing wring',
    'alias always bias canvas focus',
  ].flatMap((line) => line.split(' ')),
);

const FORMS = [
  [/ed$/, 'is in the past tense'],
  [/ing$/, 'is a gerund'],
  [/[^s]s$/, 'is in the third person'],
];

/** What is wrong with the first word of a subject, or undefined. */
function problemOfWord(word) {
  if (!/^[A-Z]/.test(word)) return `its first word, "${word}", does not begin with a capital letter`;
  if (!/^[A-Z][a-z]+(?:['-][a-z]+)*$/.test(word)) return `its first word, "${word}", is no verb`;
  const last = word.toLowerCase().split('-').at(-1);
  const form = IMPERATIVES.has(last) ? undefined : FORMS.find(([ending]) => ending.test(last));
  return form && `its first word, "${word}", ${form[1]}`;
}

/** What is wrong with a commit message, each with what to do; none where all is well. */
export function problemsOf(message) {
  const [subject, second = '', ...body] = message.trimEnd().split('\n');
  const length = [...subject].length;
  const word = problemOfWord(subject.split(' ')[0]);
  const long = body.findIndex((line) => [...line].length > MOST_BODY && !UNBREAKABLE.test(line));
  return [
    word && `the subject is not imperative: ${word}. Say what the commit does, ${EXAMPLE}`,
    length > MOST_SUBJECT &&
      `the subject has ${length} characters, more than ${MOST_SUBJECT}. Shorten it: the body has room`,
    subject.endsWith('.') && 'the subject ends with a full stop. Leave it out',
    second !== '' && 'the second line is not blank. Put a blank line between subject and body',
    long !== -1 && `line ${long + 3} is longer than ${MOST_BODY} characters. Break it`,
  ].filter(Boolean);
}
