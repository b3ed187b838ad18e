// Rosetta reads the documents that jsii put into the assembly: the README and the comments of the API. This writes an assembly
// beside it that has the guides as well, each as the README of a module, so that their blocks are compiled with the same fixtures.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const GUIDES = 'docs';

const assembly = JSON.parse(readFileSync('.jsii', 'utf8'));
const guides = readdirSync(GUIDES).filter((name) => name.endsWith('.md'));
assembly.readme = { markdown: readFileSync('README.md', 'utf8') };
assembly.submodules = Object.fromEntries(guides.map((name) => [
  `${assembly.name}.${GUIDES}/${name}`, { readme: { markdown: readFileSync(join(GUIDES, name), 'utf8') } },
]));
writeFileSync('.jsii-with-guides.json', JSON.stringify(assembly));
