// Copies the documents to where VitePress finds both them and its packages: Node.js looks for packages in the folders
// above a file, and docs/ has none.
import { cpSync, readdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
rmSync(at('dist'), { recursive: true, force: true });
for (const file of readdirSync(at('..')).filter((name) => name.endsWith('.md')))
  cpSync(at(`../${file}`), at(`dist/pages/${file}`));
cpSync(at('../images'), at('dist/pages/images'), { recursive: true });
