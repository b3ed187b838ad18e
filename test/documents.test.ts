/** README.md, the guides in docs/ and the READMEs beside the sources: what they point to is there. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const ROOT = join(__dirname, '..');
const API = 'API.md';

const guides = markdownOf('docs');
const documents = ['README.md', 'CHANGELOG.md', ...guides, ...markdownOf('examples'), ...markdownOf('bench')];

/** Modules that blocks of JavaScript import; those of TypeScript are compiled by `npm run test:readme`. */
const MODULES: { readonly [specifier: string]: string } = {
  'cdk-iot-warden/authorizer': '../lib/authorizer-kit',
  'cdk-iot-warden/twin': '../lib/twin',
  'cdk-iot-warden/web': '../lib/web',
};

describe.each(documents)('%s', (document) => {
  const text = read(document);

  test('links to files and headings that are there', () => {
    const broken = linksOf(text).filter((link) => !/^[a-z]+:/.test(link) && !leadsSomewhere(document, link));
    expect(broken).toEqual([]);
  });

  test('says what a block of code is written in', () => {
    expect(blocksOf(text).filter(({ language }) => language === '')).toEqual([]);
  });

  test('imports only what modules of this package export', () => {
    for (const { code } of blocksOf(text).filter(({ language }) => language === 'js')) {
      for (const [, names, specifier] of code.matchAll(/import \{ ([^}]+) \} from '(cdk-iot-warden[^']*)'/g)) {
        expect(Object.keys(jest.requireActual(MODULES[specifier!]!))).toEqual(expect.arrayContaining(names!.split(', ')));
      }
    }
  });
});

test('README.md leads to every guide and to every example', () => {
  const reached = linksOf(read('README.md')).map((link) => link.split('#')[0]);
  expect(reached).toEqual(expect.arrayContaining(guides));

  const examples = readdirSync(join(ROOT, 'examples')).filter((name) => existsSync(join(ROOT, 'examples', name, 'README.md')));
  expect(linksOf(read('examples/README.md'))).toEqual(expect.arrayContaining(examples.map((name) => `${name}/README.md`)));
});

test('a heading is told by the name that GitHub gives it', () => {
  const text = '# One, two: `three`!\n\n## Again\n\n```sh\n# none\n```\n\n## Again\n\n### A [link](there.md) in it\n';
  expect([...anchorsOf(text)]).toEqual(['one-two-three', 'again', 'again-1', 'a-link-in-it']);
});

function markdownOf(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md') && !path.includes('node_modules'))
    .map((path) => join(folder, path)).sort();
}

function read(document: string): string {
  return readFileSync(join(ROOT, document), 'utf8');
}

/** Where the links of a document lead, without those in code. */
function linksOf(text: string): readonly string[] {
  const prose = withoutBlocks(text).replace(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^()\s]+)\)/g)].map(([, link]) => link!);
}

function leadsSomewhere(document: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? document : relative(ROOT, join(ROOT, dirname(document), path));
  return existsSync(join(ROOT, target)) && !target.startsWith('..')
    && (anchor === undefined || target === API || anchorsOf(read(target)).has(anchor));
}

/** The anchors of headings, as GitHub makes them: lower case, without punctuation, numbered from the second on. */
function anchorsOf(text: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, heading] of withoutBlocks(text).matchAll(/^#{1,6} (.+)$/gm)) {
    const name = heading!.replace(/\]\([^)]*\)/g, ']').toLowerCase().replace(/[^\p{L}\p{N}_\- ]/gu, '').replaceAll(' ', '-');
    let anchor = name;
    for (let count = 1; anchors.has(anchor); count += 1) {
      anchor = `${name}-${count}`;
    }
    anchors.add(anchor);
  }
  return anchors;
}

const BLOCK = /^```(\w*)[^\n]*\n(.*?)^```$/gms;

function blocksOf(text: string): readonly { readonly language: string; readonly code: string }[] {
  return [...text.matchAll(BLOCK)].map(([, language, code]) => ({ language: language!, code: code! }));
}

function withoutBlocks(text: string): string {
  return text.replace(BLOCK, '');
}
